"""The ledger in the admin: every call, and a person's word on the uncertain ones."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from config.admin.actions import ask_first, is_confirmed, reload_page, run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import error_text, link_to, unbroken
from config.admin.filters import ConditionFilter, WordsFilter
from config.money import money
from generation.admin.call_forms import ChargedForm, FreeForm, NoteForm, rows_of
from generation.admin.jobs import subject_of, with_subjects
from generation.admin.words import CALL_WORDS, call_badge
from generation.domain.origins import is_same_model
from generation.domain.prices import CURRENCY
from generation.domain.states import CallStatus
from generation.jobs.ledger import Resolution
from generation.jobs.registry import kind_title
from generation.jobs.services import call_resolve
from generation.models import CatalogueModel, ProviderCall


class CapabilityFilter(WordsFilter):
    title = _("capability")
    parameter_name = "capability"

    def words(self) -> Iterable[tuple[str, Any]]:
        return CatalogueModel.Capability.choices


class CallStatusFilter(ConditionFilter):
    title = _("status")
    parameter_name = "status"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        undecided = Q(status=CallStatus.UNCERTAIN, resolution="")
        yield "undecided", _("uncertain, nobody has decided"), undecided
        yield from ((status, words, Q(status=status)) for status, words in CALL_WORDS.items())


WHOLE_SUM_CHARGED = _(
    "The whole sum is counted against the owners' budgets, and the jobs may buy these steps again."
)
WHOLE_SUM_GIVEN_BACK = _(
    "The whole sum is given back to the owners' budgets, and the jobs may buy these steps again."
)


@admin.register(ProviderCall)
class ProviderCallAdmin(ReadOnlyAdmin):
    """Amounts are shown in whole units of the currency."""

    list_display = (
        "created",
        "state",
        "asked",
        "step_shown",
        "owner",
        "job_link",
        "reserved",
        "cost",
        "tokens",
    )
    list_display_links = ("created",)
    list_filter = (CallStatusFilter, "is_test", "is_own_key", CapabilityFilter, "is_estimate", "created_at")
    list_select_related = ("owner", "job")
    search_keys = ("pk", "job_id", "owner_id")
    search_fields = (
        "provider__iexact",
        "model__istartswith",
        "provider_ref__exact",
    )
    search_help_text = _(
        "A call's, job's or owner's id; a provider; the beginning of a model or user name; a reference"
    )
    sortable_by = ("created",)
    actions = ("resolve_as_free", "resolve_as_charged")
    actions_detail = ("resolve_one_as_free", "resolve_one_as_charged")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("row_id", "state"),
                    ("owner", "job_link"),
                    ("step", "attempt"),
                    ("feature_word", "capability_word"),
                )
            },
        ),
        (
            _("Provider"),
            {"fields": (("provider", "model"), ("answered", "provider_ref"), "error", "unread")},
        ),
        (
            _("Money"),
            {
                "fields": (
                    ("reserved", "cost"),
                    ("price_version", "is_estimate"),
                    ("counted_in", "is_test"),
                    ("is_own_key", "provider_key"),
                )
            },
        ),
        (_("Tokens"), {"fields": ("tokens", ("cached_tokens", "reasoning_tokens"))}),
        (_("Uncertainty"), {"fields": ("resolution", "repeats_link")}),
        (_("Dates"), {"fields": (("created_at", "sent_at"), "settled_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderCall]:
        """Without what was bought: a picture is a megabyte."""
        return super().get_queryset(request).defer("result")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        with_subjects([call.job for call in page.result_list if call.job])
        return page

    @display(description=_("created"), ordering="pk")
    def created(self, call: ProviderCall) -> Any:
        return call.created_at

    @display(description=_("model"))
    def asked(self, call: ProviderCall) -> str:
        return f"{call.provider} {call.model}"

    @display(description=_("step"))
    def step_shown(self, call: ProviderCall) -> SafeString:
        """Without the fingerprint of what it is made from."""
        return unbroken(call.step.partition("@")[0])

    @display(description=_("status"))
    def state(self, call: ProviderCall) -> Any:
        return call_badge(call)

    @display(description=_("job"))
    def job_link(self, call: ProviderCall) -> Any:
        return link_to(call.job, subject_of(call.job) if call.job else "")

    @display(description=_("feature"))
    def feature_word(self, call: ProviderCall) -> str:
        return kind_title(call.feature)

    @display(description=_("capability"))
    def capability_word(self, call: ProviderCall) -> Any:
        return dict(CatalogueModel.Capability.choices).get(call.capability, call.capability)

    @display(description=_("reserved"))
    def reserved(self, call: ProviderCall) -> SafeString:
        return unbroken(money(call.reserved_micros, call.currency))

    @display(description=_("cost"))
    def cost(self, call: ProviderCall) -> SafeString:
        return unbroken(money(call.cost_micros, call.currency))

    @display(description=_("budget's month"))
    def counted_in(self, call: ProviderCall) -> str:
        month = call.budget_month
        return f"{month:%Y-%m}" if month else str(_("no budget counts it"))

    @display(description=_("error"))
    def error(self, call: ProviderCall) -> str:
        return error_text(call.error_code or call.rejected_code)

    @display(description=_("answered by"))
    def answered(self, call: ProviderCall) -> str:
        """The provider's own word, and whether it is what was asked for."""
        if is_same_model(call.model, call.answered_model):
            return call.answered_model or "-"
        return str(_("%(model)s: not the model that was asked") % {"model": call.answered_model})

    @display(description=_("answer that can't be read"))
    def unread(self, call: ProviderCall) -> str:
        """What came for the money, for a look with one's own eyes."""
        return str((call.result or {}).get("unread", "")) or "-"

    @display(description=_("tokens in · out"))
    def tokens(self, call: ProviderCall) -> str:
        return f"{call.input_tokens:,} · {call.output_tokens:,}"

    @display(description=_("repeats"))
    def repeats_link(self, call: ProviderCall) -> Any:
        return link_to(call.repeats)

    @admin.action(description=_("Resolve: it cost nothing"), permissions=["steer"])
    def resolve_as_free(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> Any:
        return self._resolve_many(request, queryset, "released", _("They certainly cost nothing?"))

    @admin.action(description=_("Resolve: all that was set aside was charged"), permissions=["steer"])
    def resolve_as_charged(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> Any:
        return self._resolve_many(request, queryset, "charged", _("They were charged?"))

    def _resolve_many(
        self, request: HttpRequest, queryset: QuerySet[ProviderCall], outcome: Resolution, title: Any
    ) -> TemplateResponse | None:
        """Money moves: the sum is shown, and done only with a note that says how one knows."""
        rows = queryset.filter(status=CallStatus.UNCERTAIN)
        form = NoteForm(request.POST if is_confirmed(request) else None)
        if form.is_valid():
            run_each(request, queryset, resolver(request, outcome, form.cleaned_data["note"]), done=resolved)
            return None
        figures = rows.order_by().aggregate(number=Count("pk"), micros=Sum("reserved_micros"))
        is_charged = outcome == "charged"
        return ask_first(
            self,
            request,
            title=title,
            text=WHOLE_SUM_CHARGED if is_charged else WHOLE_SUM_GIVEN_BACK,
            submit=_("They were charged") if is_charged else _("They cost nothing"),
            template="admin/generation/resolve_calls.html",
            number=figures["number"],
            amount=money(figures["micros"] or 0, CURRENCY),
            play=rows.filter(is_test=True).count(),
            form=form,
        )

    @action(
        description=_("It cost nothing"),
        url_path="free",
        permissions=["steer"],
        dialog={
            "title": _("It certainly cost nothing?"),
            "description": _(
                "The whole reservation is given back to the owner's budget, and the job may buy this step again."
            ),
            "form_class": FreeForm,
            "form_submit_text": _("It cost nothing"),
        },
    )
    def resolve_one_as_free(self, request: HttpRequest, form: FreeForm, object_id: str) -> HttpResponse:
        return self._resolve_one(request, form, "released")

    @action(
        description=_("It was charged"),
        url_path="charged",
        permissions=["steer"],
        dialog={
            "title": _("It was charged?"),
            "description": _(
                "What it cost is counted against the owner's budget, the rest of the reservation is given back, and "
                "the job may buy this step again."
            ),
            "form_class": ChargedForm,
            "form_submit_text": _("It was charged"),
        },
    )
    def resolve_one_as_charged(self, request: HttpRequest, form: ChargedForm, object_id: str) -> HttpResponse:
        return self._resolve_one(request, form, "charged", form.micros)

    def allowed_to(self, row: ProviderCall) -> set[str]:
        """Nothing is to be decided about a call whose outcome is known."""
        is_open = row.status == CallStatus.UNCERTAIN
        return {"resolve_as_free", "resolve_as_charged"} if is_open else set()

    @staticmethod
    def _resolve_one(
        request: HttpRequest, form: FreeForm, outcome: Resolution, micros: int | None = None
    ) -> HttpResponse:
        work = resolver(request, outcome, form.cleaned_data["note"], micros)
        run_each(request, rows_of(form.object_id), work, done=resolved)
        return reload_page(ProviderCall, str(form.object_id))


def resolver(
    request: HttpRequest, outcome: Resolution, note: str, micros: int | None = None
) -> Callable[[ProviderCall], dict[str, Any] | bool]:
    """A member of the staff's word on a call, as `run_each` takes it: what changed, or False if nothing did."""
    said = f"{request.user.get_username()}: {outcome}" + ("" if micros is None else f" {money(micros)}")
    said = f"{said} ({note})"

    def resolve(call: ProviderCall) -> dict[str, Any] | bool:
        if not call_resolve(call_id=call.pk, outcome=outcome, resolution=said, micros=micros):
            return False
        cost = 0 if outcome == "released" else call.reserved_micros if micros is None else micros
        reserved, spent = money(call.reserved_micros, call.currency), money(cost, call.currency)
        return {"cost": {"from": f"0 - {reserved}", "to": spent}, "resolution": {"from": "", "to": said}}

    return resolve


def resolved(number: int) -> str:
    return ngettext("%(number)d call is resolved.", "%(number)d calls are resolved.", number) % {
        "number": number
    }
