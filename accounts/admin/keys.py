"""Users' own provider keys in the admin: whose they are and what is wrong with them, never what they say."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from accounts.models import ProviderKey
from accounts.services.keys import key_set_active
from config.admin.actions import run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import badge, error_text, unbroken
from config.admin.filters import ConditionFilter
from config.money import money


class ErrorFilter(ConditionFilter):
    title = _("refused")
    parameter_name = "refused"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        return [("yes", _("Yes"), ~Q(error_code="")), ("no", _("No"), Q(error_code=""))]


@admin.register(ProviderKey)
class ProviderKeyAdmin(ReadOnlyAdmin):
    """The key itself is no field here, neither plain nor encrypted."""

    list_display = (
        "shown",
        "owner",
        "provider",
        "name",
        "model_name",
        "address",
        "state",
        "verified_at",
        "created_at",
    )
    list_filter = ("provider", "is_active", ErrorFilter, "created_at")
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("last_four__exact",)
    search_help_text = _(
        "The id of a key or its owner, a key's last four characters, or the beginning of the owner's name"
    )
    sortable_by = ("created_at",)
    actions = ("activate", "deactivate")
    fields = (
        "row_id",
        "owner",
        "provider",
        "name",
        "shown",
        "address",
        "model_name",
        "input_price",
        "output_price",
        "state",
        "error",
        "verified_at",
        "created_at",
        "updated_at",
    )

    def allowed_to(self, row: ProviderKey) -> set[str]:
        return {"deactivate" if row.is_active else "activate"}

    @admin.action(description=_("Make calls with the selected keys again"), permissions=["steer"])
    def activate(self, request: HttpRequest, queryset: QuerySet[ProviderKey]) -> None:
        run_each(
            request,
            queryset,
            lambda key: key_set_active(key=key, is_active=True),
            done=lambda n: ngettext("%d key is active.", "%d keys are active.", n) % n,
        )

    @admin.action(description=_("Make no calls with the selected keys"), permissions=["steer"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[ProviderKey]) -> None:
        run_each(
            request,
            queryset,
            lambda key: key_set_active(key=key, is_active=False),
            done=lambda n: ngettext("%d key is inactive.", "%d keys are inactive.", n) % n,
        )

    @display(description=_("key"))
    def shown(self, key: ProviderKey) -> SafeString:
        return unbroken(f"…{key.last_four}")

    @display(description=_("address"))
    def address(self, key: ProviderKey) -> SafeString | str:
        """Broken anywhere: a long one would push the rest off a phone's screen."""
        if not key.base_url:
            return "-"
        style = "display: inline-block; min-width: 10rem; max-width: 18rem; overflow-wrap: anywhere"
        return format_html('<span style="{}">{}</span>', style, key.base_url)

    @display(description=_("state"))
    def state(self, key: ProviderKey) -> SafeString:
        if key.error_code:
            return badge(_("refused"), "danger")
        return badge(_("active"), "success") if key.is_active else badge(_("inactive"))

    @display(description=_("error"))
    def error(self, key: ProviderKey) -> str:
        return error_text(key.error_code)

    @display(description=_("price of input (per million)"))
    def input_price(self, key: ProviderKey) -> str:
        return money(key.input_micros)

    @display(description=_("price of output (per million)"))
    def output_price(self, key: ProviderKey) -> str:
        return money(key.output_micros)
