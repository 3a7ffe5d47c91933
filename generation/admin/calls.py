"""The ledger in the back office: every call, and a person's word on the uncertain ones."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from config.admin_site import ReadOnlyAdmin, link_to, money, run_each
from generation.admin.words import CALL_COLOURS, CALL_WORDS, call_label
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
    fieldsets = (
        (None, {"fields": ("id", "state", "owner", "job_link", "attempt", "step", "feature", "capability")}),
        (_("Provider"), {"fields": ("provider", "model", "provider_ref", "error_code")}),
        (
            _("Money"),
            {
                "fields": (
                    "reserved",
                    "cost",
                    "price_version",
                    "tokens",
                    "cached_tokens",
                    "reasoning_tokens",
                    "is_estimate",
                )
            },
        ),
        (_("Uncertainty"), {"fields": ("resolution", "repeats_link")}),
        (_("Dates"), {"fields": ("created_at", "sent_at", "settled_at")}),
    )

    @display(description=_("created"), ordering="pk")
    def created(self, call: ProviderCall) -> Any:
        return call.created_at

    @display(description=_("status"), label=CALL_COLOURS)
    def state(self, call: ProviderCall) -> tuple[str, str]:
        return call_label(call.status)

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

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generation.change_providercall")

    @admin.action(description=_("Resolve: it cost nothing"), permissions=["resolve"])
    def resolve_as_free(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> None:
        run_each(request, queryset, resolver(request, "released"), done=resolved)

    @admin.action(description=_("Resolve: what was reserved was charged"), permissions=["resolve"])
    def resolve_as_charged(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> None:
        run_each(request, queryset, resolver(request, "charged"), done=resolved)


def resolver(request: HttpRequest, outcome: str) -> Any:
    name = request.user.get_username()
    return lambda call: call_resolve(call_id=call.pk, outcome=outcome, resolution=f"{name}: {outcome}")


def resolved(number: int) -> str:
    return ngettext("%(number)d call is resolved.", "%(number)d calls are resolved.", number) % {
        "number": number
    }
