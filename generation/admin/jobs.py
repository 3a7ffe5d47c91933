"""Jobs and their events in the admin."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from config.admin.actions import ask_first, confirm, is_confirmed, reload_page, run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import anchor, code_cell, error_text, link_to, list_of
from config.admin.filters import AgeFilter, ConditionFilter, WordsFilter
from config.admin.words import as_rows
from config.money import money
from generation.admin.words import EVENT_WORDS, FIELD_WORDS, JOB_WORDS, call_badge, job_badge
from generation.domain.states import JobStatus
from generation.jobs.registry import KINDS, job_titles, jobs_about, kind_title
from generation.jobs.services import job_cancel, job_retry
from generation.models import Job, JobEvent

#: Rows of the timeline and of the ledger on a job's page; the newest events, the newest calls.
EVENTS_SHOWN = 100
CALLS_SHOWN = 100
#: With styles of its own: the theme's stylesheet holds only the classes that the theme itself uses.
PROGRESS_BAR = (
    '<span class="whitespace-nowrap">'
    '<span style="display: inline-block; width: 5rem; height: 0.4rem; border-radius: 1rem; vertical-align: middle; '
    'background: var(--color-base-200)"><span style="display: block; width: {0}%; height: 100%; border-radius: 1rem; '
    'background: var(--color-primary-600)"></span></span> {0} %</span>'
)


class StatusFilter(WordsFilter):
    title = _("status")
    parameter_name = "status"

    def words(self) -> Iterable[tuple[str, Any]]:
        return [(status.value, JOB_WORDS[status]) for status in JobStatus]


class KindFilter(WordsFilter):
    """From the registry: looking for the kinds that occur would read the whole table."""

    title = _("kind")
    parameter_name = "kind"

    def words(self) -> Iterable[tuple[str, Any]]:
        return [(name, kind_title(name)) for name in KINDS]


class LevelFilter(ConditionFilter):
    title = _("level")
    parameter_name = "level"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        yield "top", _("without items of batches"), Q(parent=None)
        yield "item", _("only items of batches"), ~Q(parent=None)


RETRY_COSTS = _(
    "What was paid for is not bought again. Calls with an unknown outcome may be bought once more."
)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "subject",
        "state",
        "owner",
        "progress_bar",
        "attempts",
        "error_shown",
        "created",
        "took",
    )
    list_display_links = ("subject",)
    list_filter = (StatusFilter, KindFilter, LevelFilter, "is_test", AgeFilter)
    list_select_related = ("owner",)
    search_keys = ("pk", "parent_id", "owner_id")
    search_fields = ("kind__startswith", "error_code__iexact")
    search_help_text = _(
        "The id of a job, batch or owner; a project, a content template, the owner's name, a kind, an error code"
    )
    sortable_by = ("created",)
    actions = ("retry_all", "cancel_all")
    actions_detail = ("retry_one", "cancel_one")
    change_form_after_template = "admin/generation/job_timeline.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "subject",
                    ("row_id", "kind_words"),
                    ("state", "progress_bar"),
                    ("owner", "is_test"),
                    ("parent_link", "items_link"),
                )
            },
        ),
        (_("Outcome"), {"fields": ("error_text", "output_text", "input_text")}),
        (
            _("Attempts"),
            {
                "fields": (
                    ("attempts", "worker"),
                    ("not_before", "lease_expires_at"),
                    ("provider", "provider_ref"),
                )
            },
        ),
        (_("Dates"), {"fields": (("created_at", "started_at"), ("finished_at", "cancel_requested_at"))}),
    )

    # -- what is shown ---------------------------------------------------------------------------------------------

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What the jobs of a page are about is asked once for all of them."""
        page = super().get_changelist_instance(request)
        page.result_list = with_subjects(page.result_list)
        return page

    def condition_of(self, term: str) -> Q:
        return super().condition_of(term) | Q(pk__in=jobs_about(term))

    @display(description=_("job"))
    def subject(self, job: Any) -> str:
        return subject_of(job)

    @display(description=_("kind"))
    def kind_words(self, job: Job) -> str:
        return kind_title(job.kind)

    @display(description=_("status"))
    def state(self, job: Job) -> Any:
        return job_badge(job)

    @display(description=_("progress"))
    def progress_bar(self, job: Job) -> str:
        return format_html(PROGRESS_BAR, job.progress)

    @display(description=_("error code"))
    def error_shown(self, job: Job) -> Any:
        return code_cell(job.error_code)

    @display(description=_("attempts · failures"))
    def attempts(self, job: Job) -> str:
        return f"{job.attempt} · {job.failures}/{job.max_failures}"

    @display(description=_("created"), ordering="pk")
    def created(self, job: Job) -> Any:
        return job.created_at

    @display(description=_("took"))
    def took(self, job: Job) -> str:
        if job.started_at is None or job.finished_at is None:
            return "-"
        return f"{(job.finished_at - job.started_at).total_seconds():,.1f} s"

    @display(description=_("batch"))
    def parent_link(self, job: Job) -> Any:
        return link_to(job.parent, subject_of(job.parent) if job.parent else "")

    @display(description=_("items"))
    def items_link(self, job: Job) -> Any:
        if not job.children.exists():
            return "-"
        return anchor(list_of(Job, q=job.pk, level="item"), _("Show the items"))

    @display(description=_("error"))
    def error_text(self, job: Job) -> Any:
        if not job.error:
            return "-"
        is_chinese = (get_language() or "").startswith("zh")
        message = job.error.get("message_zh" if is_chinese else "message", "")
        charged = {
            True: _("money was spent"),
            False: _("no money was spent"),
            None: _("unknown whether money was spent"),
        }
        return format_html(
            "{} ({}; {})", message, job.error.get("code", ""), charged[job.error.get("charged")]
        )

    @display(description=_("output"))
    def output_text(self, job: Job) -> Any:
        return told(job, job.output)

    @display(description=_("input"))
    def input_text(self, job: Job) -> Any:
        return told(job, job.input)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        job = kwargs.get("obj")
        if job is not None:
            events = list(job.events.order_by("-seq")[:EVENTS_SHOWN])
            calls = job.calls.order_by("-created_at")[:CALLS_SHOWN]
            context |= {
                "subtitle": subject_of(job),
                "events": [
                    (
                        event,
                        EVENT_WORDS.get(event.type, event.type),
                        told(job, event.data) if event.data else "",
                    )
                    for event in events
                ],
                "events_total": job.event_seq,
                "calls": [(call, call_badge(call), call_money(call)) for call in calls],
            }
        return super().render_change_form(request, context, *args, **kwargs)

    # -- what can be done ------------------------------------------------------------------------------------------

    def allowed_to(self, row: Job) -> set[str]:
        if row.status == JobStatus.FAILED:
            return {"retry"}
        return set() if row.is_terminal or row.cancel_requested_at is not None else {"cancel"}

    @admin.action(description=_("Retry what failed"), permissions=["steer"])
    def retry_all(self, request: HttpRequest, queryset: QuerySet[Job]) -> TemplateResponse | None:
        if not is_confirmed(request):
            return ask_first(self, request, title=_("Retry these jobs?"), text=RETRY_COSTS, submit=_("Retry"))
        run_each(request, queryset, self._retry(request), done=retried)
        return None

    @admin.action(description=_("Cancel"), permissions=["steer"])
    def cancel_all(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        run_each(request, queryset, lambda job: job_cancel(job=job), done=cancelled)

    @action(
        description=_("Retry"),
        url_path="retry",
        permissions=["steer"],
        dialog=confirm(
            _("Retry this job?"),
            RETRY_COSTS,
            _("Retry"),
        ),
    )
    def retry_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        run_each(request, Job.objects.filter(pk=object_id), self._retry(request), done=retried)
        return reload_page(Job, object_id)

    @action(
        description=_("Cancel"),
        url_path="cancel",
        permissions=["steer"],
        dialog=confirm(
            _("Cancel this job?"),
            _("What runs stops between two of its steps. The items of a batch are cancelled with it."),
            _("Cancel the job"),
        ),
    )
    def cancel_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        run_each(request, Job.objects.filter(pk=object_id), lambda job: job_cancel(job=job), done=cancelled)
        return reload_page(Job, object_id)

    @staticmethod
    def _retry(request: HttpRequest) -> Any:
        return lambda job: job_retry(job=job, resolution=f"{request.user.get_username()} asked for a retry")


@admin.register(JobEvent)
class JobEventAdmin(ReadOnlyAdmin):
    list_display = ("job_link", "seq", "type_words", "line", "created_at")
    list_display_links = ("seq",)
    list_select_related = ("job",)
    search_keys = ("job_id",)
    search_fields = ("type__iexact",)
    search_help_text = _("A job's id, or a type of event")
    sortable_by = ("id",)
    fields = ("job_link", "seq", "type_words", "data_text", "created_at")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        with_subjects([event.job for event in page.result_list])
        return page

    @display(description=_("job"))
    def job_link(self, event: JobEvent) -> Any:
        return link_to(event.job, subject_of(event.job))

    @display(description=_("type"))
    def type_words(self, event: JobEvent) -> Any:
        return EVENT_WORDS.get(event.type, event.type)

    @display(description=_("data"))
    def data_text(self, event: JobEvent) -> Any:
        return told(event.job, event.data)

    @display(description=_("data"))
    def line(self, event: JobEvent) -> Any:
        return told(event.job, event.data)


def with_subjects(jobs: Iterable[Job]) -> list[Job]:
    """The jobs, each with what it is about as `subject`."""
    rows: list[Any] = list(jobs)
    titles = job_titles(rows)
    for row in rows:
        row.subject = titles[row.pk]
    return rows


def subject_of(job: Any) -> str:
    if not hasattr(job, "subject"):
        with_subjects([job])
    return str(job.subject)


def told(job: Job, data: Any) -> Any:
    """Input, output or an event's data in the words of the job's kind, with what its ids lead to as links."""
    kind = KINDS.get(job.kind)
    words, links = (kind.words, kind.links) if kind else ({}, {})
    if isinstance(data, Mapping) and isinstance(data.get("error"), Mapping):
        data = {**data, "error": error_text(data["error"].get("code", ""))}
    return as_rows(data, {**FIELD_WORDS, **words}, links, {"for": FIELD_WORDS})


def retried(number: int) -> str:
    return ngettext("%(number)d job runs again.", "%(number)d jobs run again.", number) % {"number": number}


def cancelled(number: int) -> str:
    return ngettext("%(number)d job is cancelled.", "%(number)d jobs are cancelled.", number) % {
        "number": number
    }


def call_money(call: Any) -> str:
    if call.cost_micros is not None:
        return money(call.cost_micros, call.currency)
    return f"≤ {money(call.reserved_micros, call.currency)}"
