"""Batches in the admin: how far they are, and steering them."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from config.admin.actions import run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import anchor, badge, link_to, list_of
from config.admin.filters import ConditionFilter, WordsFilter
from generation.admin.words import JOB_WORDS, job_badge
from generation.models import Job
from generation.models.items import ItemState
from templates.models import BatchItem, TemplateBatch
from templates.models.batches import ITEM_STATE
from templates.services import batch_cancel, batch_pause, batch_resume, batch_retry
from templates.services.batches import batch_item_counts

ITEM_COLOURS = {"pending": "info", "running": "primary", "succeeded": "success", "failed": "danger"}


class BatchStatusFilter(ConditionFilter):
    title = _("status")
    parameter_name = "status"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        paused = Job.objects.active().filter(paused_at__isnull=False)
        for status, words in JOB_WORDS.items():
            yield status, words, Q(job__in=paused) if status == "paused" else Q(job__status=status)


@admin.register(TemplateBatch)
class TemplateBatchAdmin(ReadOnlyAdmin):
    list_display = ("created", "owner", "state", "progress", "total", "languages", "demo")
    list_display_links = ("created",)
    list_filter = (BatchStatusFilter, "created_at")
    list_select_related = ("owner", "job")
    search_keys = ("pk", "job_id", "owner_id")
    search_help_text = _("The id of a batch, job or owner, or the beginning of a user's name")
    sortable_by = ("created",)
    actions = ("pause", "resume", "cancel", "retry")
    fieldsets = (
        (None, {"fields": (("id", "owner"), ("state", "progress"), "job_link")}),
        (_("Items"), {"fields": (("total", "items_link"), "counts")}),
        (_("Options"), {"fields": ("options", "created_at")}),
    )

    @display(description=_("created"), ordering="pk")
    def created(self, batch: TemplateBatch) -> Any:
        return batch.created_at

    @display(description=_("status"))
    def state(self, batch: TemplateBatch) -> Any:
        return job_badge(batch.job)

    @display(description=_("progress"))
    def progress(self, batch: TemplateBatch) -> str:
        return f"{batch.job.progress} %"

    @display(description=_("languages"))
    def languages(self, batch: TemplateBatch) -> str:
        return ", ".join(batch.params.get("languages", []))

    @display(description=_("sandbox"), boolean=True)
    def demo(self, batch: TemplateBatch) -> bool:
        return batch.job.is_test

    @display(description=_("job"))
    def job_link(self, batch: TemplateBatch) -> Any:
        return link_to(batch.job)

    @display(description=_("items by state"))
    def counts(self, batch: TemplateBatch) -> Any:
        rows = ((ItemState(state).label, number) for state, number in batch_item_counts(batch).items())
        return format_html_join("", '<span class="mr-4">{} <b>{}</b></span>', rows)

    @display(description=_("list"))
    def items_link(self, batch: TemplateBatch) -> Any:
        return anchor(list_of(BatchItem, q=batch.pk), _("Show the items"))

    @display(description=_("options"))
    def options(self, batch: TemplateBatch) -> Any:
        rows = (
            (name, ", ".join(value) if isinstance(value, list) else value)
            for name, value in batch.params.items()
        )
        return format_html_join("", "<div>{}: <b>{}</b></div>", rows)

    # -- what can be done ------------------------------------------------------------------------------------------

    @admin.action(description=_("Pause"), permissions=["steer"])
    def pause(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> None:
        self._steer(request, queryset, batch_pause)

    @admin.action(description=_("Resume"), permissions=["steer"])
    def resume(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> None:
        self._steer(request, queryset, batch_resume)

    @admin.action(description=_("Cancel"), permissions=["steer"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> None:
        self._steer(request, queryset, batch_cancel)

    @admin.action(description=_("Retry what failed"), permissions=["steer"])
    def retry(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> None:
        self._steer(request, queryset, batch_retry)

    @staticmethod
    def _steer(request: HttpRequest, queryset: QuerySet[TemplateBatch], service: Callable[..., Any]) -> None:
        run_each(request, queryset.select_related("job"), lambda batch: service(batch=batch), done=done)


def done(number: int) -> str:
    return ngettext("Done for %(number)d batch.", "Done for %(number)d batches.", number) % {"number": number}


class ItemStateFilter(WordsFilter):
    """`item_state` is annotated by `BatchItemAdmin.get_queryset`."""

    title = _("status")
    parameter_name = "status"
    column = "item_state"

    def words(self) -> Iterable[tuple[str, Any]]:
        return ItemState.choices


@admin.register(BatchItem)
class BatchItemAdmin(ReadOnlyAdmin):
    list_display = (
        "position",
        "batch_link",
        "project",
        "content_template",
        "language",
        "state",
        "skip_reason",
        "job_link",
    )
    list_filter = (ItemStateFilter, "language")
    list_select_related = ("batch", "project", "content_template", "job")
    search_keys = ("pk", "batch_id", "job_id", "project_id")
    search_related: ClassVar = {"project": ("code__exact",), "content_template": ("code__exact",)}
    search_help_text = _("The id of a batch, item, job or project, or the code of a project or template")
    sortable_by = ("position",)
    fields = (
        "batch_link",
        "position",
        "project",
        "content_template",
        "language",
        "state",
        "skip_reason",
        "job_link",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BatchItem]:
        return super().get_queryset(request).annotate(item_state=ITEM_STATE)

    @display(description=_("status"))
    def state(self, item: Any) -> Any:
        return badge(ItemState(item.item_state).label, ITEM_COLOURS.get(item.item_state, ""))

    @display(description=_("batch"))
    def batch_link(self, item: BatchItem) -> Any:
        return link_to(item.batch)

    @display(description=_("job"))
    def job_link(self, item: BatchItem) -> Any:
        return link_to(item.job, str(item.job_id)[-12:])
