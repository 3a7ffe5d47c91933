"""Workers in the admin."""

import json
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_celery_results.models import GroupResult, TaskResult
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.words import as_rows
from generation.models import WorkerHeartbeat
from generation.selectors.workers import lease


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_alive", "queues", "host", "pid", "in_flight", "started_at", "seen_at")
    list_filter = ("queues",)
    search_keys = ()
    search_fields = ("id__startswith", "host__istartswith")
    search_help_text = _("The beginning of a worker's name or of a host's")
    ordering = ("-seen_at",)
    fields = ("name", "is_alive", "queues", "host", "pid", "in_flight", "started_at", "seen_at")

    @display(description=_("worker"), ordering="id")
    def name(self, worker: WorkerHeartbeat) -> str:
        return worker.id

    @display(description=_("alive"), boolean=True)
    def is_alive(self, worker: WorkerHeartbeat) -> Any:
        return worker.seen_at >= timezone.now() - lease()


admin.site.unregister([TaskResult, GroupResult])

#: What housekeeping counts: rows that it deleted.
TASK_WORDS: dict[str, Any] = {
    "activities": _("activities"),
    "sessions": _("log-in sessions"),
    "heartbeats": _("workers"),
    "events": _("job events"),
    "results": _("kept answers of calls"),
}
OUTCOMES: dict[str, Any] = {
    "PENDING": pgettext_lazy("status", "pending"),
    "STARTED": pgettext_lazy("status", "running"),
    "SUCCESS": pgettext_lazy("status", "succeeded"),
    "FAILURE": pgettext_lazy("status", "failed"),
    "REVOKED": pgettext_lazy("status", "cancelled"),
}


@admin.register(TaskResult)
class TaskResultAdmin(ReadOnlyAdmin):
    """What the housekeeping tasks reported; jobs keep their results themselves."""

    list_display = ("name", "outcome", "told", "created", "done")
    list_display_links = ("name",)
    list_filter = ("status", "date_done")
    search_keys = ()
    search_fields = ("task_id__exact", "task_name__istartswith")
    search_help_text = _("A task's id, or the beginning of its name")
    fields = ("name", "outcome", "told", "trace", "created", "done")

    @display(description=_("task"))
    def name(self, row: TaskResult) -> str:
        return row.task_name or row.task_id

    @display(description=_("status"))
    def outcome(self, row: TaskResult) -> Any:
        return OUTCOMES.get(row.status, row.status)

    @display(description=_("result"))
    def told(self, row: TaskResult) -> SafeString | str:
        """JSON, as the task's return value was kept."""
        try:
            return as_rows(json.loads(row.result or "null"), TASK_WORDS)
        except ValueError:
            return str(row.result)

    @display(description=_("trace of the error"))
    def trace(self, row: TaskResult) -> str:
        return row.traceback or "-"

    @display(description=_("created"), ordering="date_created")
    def created(self, row: TaskResult) -> Any:
        return row.date_created

    @display(description=_("finished"), ordering="date_done")
    def done(self, row: TaskResult) -> Any:
        return row.date_done
