"""Batches in the admin: how far they are, and steering them."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from config.admin.actions import ask_first, confirm, is_confirmed, reload_page, run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import anchor, badge, link_to, list_of, unbroken
from config.admin.filters import ConditionFilter, WordsFilter
from config.admin.words import as_rows
from config.languages import Language
from generation.admin.jobs import RETRY_COSTS, subject_of
from generation.admin.words import JOB_WORDS, job_badge
from generation.domain.states import JobStatus
from generation.models import Job
from generation.models.items import ItemState
from templates.domain.grid import DocumentState
from templates.models import BatchItem, TemplateBatch
from templates.models.batches import ITEM_STATE
from templates.services.batches import batch_cancel, batch_item_counts, batch_pause, batch_resume, batch_retry

ITEM_COLOURS = {"pending": "info", "running": "primary", "succeeded": "success", "failed": "danger"}


#: Why an item was skipped.
SKIP_WORDS: dict[str, Any] = {
    DocumentState.MISSING: _("there is no document yet"),
    DocumentState.FRESH: _("the document is up to date"),
    DocumentState.STALE: _("there is a document already"),
    DocumentState.EDITED: _("a person wrote the document"),
    DocumentState.PENDING: _("another batch writes it"),
    DocumentState.BETTER: _("the small local model doesn't replace it"),
}
RESUME_COSTS = _("Pending items run, which costs money.")
#: What the options of a batch are called.
OPTION_WORDS: dict[str, Any] = {
    "languages": _("languages"),
    "project_ids": _("projects"),
    "template_codes": _("content templates"),
    "category_code": _("category"),
    "limit": _("at most"),
    "skip_existing": _("skip what exists"),
    "only_stale": _("only what is stale"),
    "overwrite_edited": _("write over what persons wrote"),
    "small_model_may_replace": _("the small local model may replace"),
    "translated": _("translate the second language"),
    "demo_mode": _("sandbox"),
    "model": _("model"),
    "concurrency": _("at once"),
}


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
        (None, {"fields": (("row_id", "owner"), ("state", "progress"), "job_link")}),
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
    def progress(self, batch: TemplateBatch) -> SafeString:
        return unbroken(f"{batch.job.progress} %")

    @display(description=_("languages"))
    def languages(self, batch: TemplateBatch) -> str:
        return ", ".join(str(Language(one).label) for one in batch.params.get("languages", []))

    @display(description=_("sandbox"), boolean=True)
    def demo(self, batch: TemplateBatch) -> bool:
        return batch.job.is_test

    @display(description=_("job"))
    def job_link(self, batch: TemplateBatch) -> Any:
        return link_to(batch.job, subject_of(batch.job))

    @display(description=_("items by state"))
    def counts(self, batch: TemplateBatch) -> Any:
        rows = ((ItemState(state).label, number) for state, number in batch_item_counts(batch).items())
        return format_html_join("", '<span class="mr-4">{} <b>{}</b></span>', rows)

    @display(description=_("list"))
    def items_link(self, batch: TemplateBatch) -> Any:
        return anchor(list_of(BatchItem, q=batch.pk), _("Show the items"))

    @display(description=_("options"))
    def options(self, batch: TemplateBatch) -> Any:
        return as_rows(batch.params, OPTION_WORDS, {"project_ids": "templates.project"})

    # -- what can be done ------------------------------------------------------------------------------------------

    def allowed_to(self, row: TemplateBatch) -> set[str]:
        if row.job.is_terminal:
            return {"retry"} if row.job.status == JobStatus.FAILED else set()
        if row.job.cancel_requested_at is not None:
            return set()
        return {"cancel", "pause" if row.job.paused_at is None else "resume"}

    @admin.action(description=_("Pause"), permissions=["steer"])
    def pause(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> None:
        self._steer(request, queryset, batch_pause)

    @admin.action(description=_("Resume"), permissions=["steer"])
    def resume(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> TemplateResponse | None:
        if not is_confirmed(request):
            title = _("Resume these batches?")
            return ask_first(self, request, title=title, text=RESUME_COSTS, submit=_("Resume"))
        return self._steer(request, queryset, batch_resume)

    @admin.action(description=_("Cancel"), permissions=["steer"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> None:
        self._steer(request, queryset, batch_cancel)

    @admin.action(description=_("Retry what failed"), permissions=["steer"])
    def retry(self, request: HttpRequest, queryset: QuerySet[TemplateBatch]) -> TemplateResponse | None:
        if not is_confirmed(request):
            title = _("Retry what failed?")
            return ask_first(self, request, title=title, text=RETRY_COSTS, submit=_("Retry"))
        return self._steer(request, queryset, batch_retry)

    @action(
        description=_("Pause"),
        url_path="pause",
        permissions=["steer"],
        dialog=confirm(_("Pause this batch?"), _("What runs is finished; nothing new begins."), _("Pause")),
    )
    def pause_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._steer_one(request, object_id, batch_pause)

    @action(
        description=_("Resume"),
        url_path="resume",
        permissions=["steer"],
        dialog=confirm(_("Resume this batch?"), RESUME_COSTS, _("Resume")),
    )
    def resume_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._steer_one(request, object_id, batch_resume)

    @action(
        description=_("Cancel"),
        url_path="cancel",
        permissions=["steer"],
        dialog=confirm(
            _("Cancel this batch?"),
            _("What runs stops between two of its steps; what is pending never runs."),
            _("Cancel the batch"),
        ),
    )
    def cancel_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._steer_one(request, object_id, batch_cancel)

    @action(
        description=_("Retry what failed"),
        url_path="retry",
        permissions=["steer"],
        dialog=confirm(
            _("Retry what failed?"),
            RETRY_COSTS,
            _("Retry"),
        ),
    )
    def retry_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._steer_one(request, object_id, batch_retry)

    @staticmethod
    def _steer(request: HttpRequest, rows: QuerySet[TemplateBatch], service: Callable[..., Any]) -> None:
        run_each(request, rows.select_related("job"), lambda batch: service(batch=batch), done=done)

    @staticmethod
    def _steer_one(request: HttpRequest, object_id: str, service: Callable[..., Any]) -> HttpResponse:
        one = TemplateBatch.objects.filter(pk=object_id).select_related("job")
        run_each(request, one, lambda batch: service(batch=batch), done=done)
        return reload_page(TemplateBatch, object_id)


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
        "reason",
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
        "reason",
        "job_link",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BatchItem]:
        return super().get_queryset(request).annotate(item_state=ITEM_STATE)

    @display(description=_("status"))
    def state(self, item: Any) -> Any:
        return badge(ItemState(item.item_state).label, ITEM_COLOURS.get(item.item_state, ""))

    @display(description=_("reason for skipping"))
    def reason(self, item: BatchItem) -> Any:
        return SKIP_WORDS.get(item.skip_reason, item.skip_reason) or "-"

    @display(description=_("batch"))
    def batch_link(self, item: BatchItem) -> Any:
        return link_to(item.batch)

    @display(description=_("job"))
    def job_link(self, item: BatchItem) -> Any:
        return link_to(item.job, _("Show the job"))
