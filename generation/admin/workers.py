"""Workers in the admin."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_celery_results.models import GroupResult, TaskResult
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from generation.models import WorkerHeartbeat
from generation.selectors import lease


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("id", "is_alive", "queues", "host", "pid", "in_flight", "started_at", "seen_at")
    list_filter = ("queues",)
    search_keys = ()
    search_fields = ("id__startswith", "host__istartswith")
    search_help_text = _("The beginning of a worker's name or of a host's")
    ordering = ("-seen_at",)
    fields = ("id", "is_alive", "queues", "host", "pid", "in_flight", "started_at", "seen_at")

    @display(description=_("alive"), boolean=True)
    def is_alive(self, worker: WorkerHeartbeat) -> Any:
        return worker.seen_at >= timezone.now() - lease()


admin.site.unregister([TaskResult, GroupResult])


@admin.register(TaskResult)
class TaskResultAdmin(ReadOnlyAdmin):
    """What the housekeeping tasks reported; jobs keep their results themselves."""

    list_display = ("task_name", "status", "result", "date_created", "date_done")
    list_filter = ("status", "date_done")
    search_keys = ()
    search_fields = ("task_id__exact", "task_name__istartswith")
    search_help_text = _("A task's id, or the beginning of its name")
    fields = ("task_id", "task_name", "status", "result", "traceback", "worker", "date_created", "date_done")
