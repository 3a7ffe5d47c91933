"""The ledger in the back office: every call, and a person's word on the uncertain ones."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from config.admin_site import ReadOnlyAdmin, confirm, link_to, money, reload_page, run_each
from generation.admin.words import CALL_WORDS, call_badge
from generation.domain.states import CallStatus
from generation.jobs.services import call_resolve
from generation.models import ProviderCall


class CallStatusFilter(admin.SimpleListFilter):
    title = _("status")
    parameter_name = "status"
    UNDECIDED = "undecided"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(self.UNDECIDED, _("uncertain, nobody has decided")), *CALL_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> QuerySet[ProviderCall]:
        if self.value() == self.UNDECIDED:
            return queryset.filter(status=CallStatus.UNCERTAIN, resolution="")
        return queryset.filter(status=self.value()) if self.value() else queryset


@admin.register(ProviderCall)
class ProviderCallAdmin(ReadOnlyAdmin):
    """Amounts are shown in whole units of the currency."""

    list_display = (
        "created",
        "state",
        "provider",
        "model",
        "step",
        "owner",
        "job_link",
        "reserved",
        "cost",
        "tokens",
    )
    list_display_links = ("created",)
    list_filter = (CallStatusFilter, "capability", "is_estimate", "created_at")
    list_select_related = ("owner", "job")
    search_keys = ("pk", "job_id", "owner_id")
    search_fields = (
        "provider__iexact",
        "model__istartswith",
        "owner__username__istartswith",
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
                    ("id", "state"),
                    ("owner", "job_link"),
                    ("step", "attempt"),
                    ("feature", "capability"),
                )
            },
        ),
        (_("Provider"), {"fields": (("provider", "model"), ("provider_ref", "error_code"))}),
        (_("Money"), {"fields": (("reserved", "cost"), ("price_version", "is_estimate"))}),
        (_("Tokens"), {"fields": ("tokens", ("cached_tokens", "reasoning_tokens"))}),
        (_("Uncertainty"), {"fields": ("resolution", "repeats_link")}),
        (_("Dates"), {"fields": (("created_at", "sent_at"), "settled_at")}),
    )

    @display(description=_("created"), ordering="pk")
    def created(self, call: ProviderCall) -> Any:
        return call.created_at

    @display(description=_("status"))
    def state(self, call: ProviderCall) -> Any:
        return call_badge(call)

    @display(description=_("job"))
    def job_link(self, call: ProviderCall) -> Any:
        return link_to(call.job, call.job.kind if call.job else "")

    @display(description=_("reserved"))
    def reserved(self, call: ProviderCall) -> str:
        return money(call.reserved_micros, call.currency)

    @display(description=_("cost"))
    def cost(self, call: ProviderCall) -> str:
        return money(call.cost_micros, call.currency)

    @display(description=_("tokens in · out"))
    def tokens(self, call: ProviderCall) -> str:
        return f"{call.input_tokens:,} · {call.output_tokens:,}"

    @display(description=_("repeats"))
    def repeats_link(self, call: ProviderCall) -> Any:
        return link_to(call.repeats)

    def has_resolve_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("generation.change_providercall")

    @admin.action(description=_("Resolve: it cost nothing"), permissions=["resolve"])
    def resolve_as_free(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> None:
        run_each(request, queryset, resolver(request, "released"), done=resolved)

    @admin.action(description=_("Resolve: what was reserved was charged"), permissions=["resolve"])
    def resolve_as_charged(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> None:
        run_each(request, queryset, resolver(request, "charged"), done=resolved)

    @action(
        description=_("It cost nothing"),
        url_path="free",
        permissions=["resolve"],
        dialog=confirm(
            _("It certainly cost nothing?"),
            _("The reservation is given back, and the job may buy this step again."),
            _("It cost nothing"),
        ),
    )
    def resolve_one_as_free(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._resolve_one(request, object_id, "released")

    @action(
        description=_("It was charged"),
        url_path="charged",
        permissions=["resolve"],
        dialog=confirm(
            _("It was charged?"),
            _("What was reserved is recorded as its cost, and the job may buy this step again."),
            _("It was charged"),
        ),
    )
    def resolve_one_as_charged(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._resolve_one(request, object_id, "charged")

    @staticmethod
    def _resolve_one(request: HttpRequest, object_id: str, outcome: str) -> HttpResponse:
        run_each(
            request, ProviderCall.objects.filter(pk=object_id), resolver(request, outcome), done=resolved
        )
        return reload_page(ProviderCall, object_id)


def resolver(request: HttpRequest, outcome: str) -> Any:
    name = request.user.get_username()
    return lambda call: call_resolve(call_id=call.pk, outcome=outcome, resolution=f"{name}: {outcome}")


def resolved(number: int) -> str:
    return ngettext("%(number)d call is resolved.", "%(number)d calls are resolved.", number) % {
        "number": number
    }
