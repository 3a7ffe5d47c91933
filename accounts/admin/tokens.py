"""Access tokens in the admin: who has which, and taking them away."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.domain.tokens import LIVE_PREFIX, TEST_PREFIX, is_ours
from accounts.models import AccessToken
from accounts.services.tokens import token_delete
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import badge, unbroken
from config.admin.filters import AgeFilter, ConditionFilter
from config.api.scopes import SCOPES


class StateFilter(ConditionFilter):
    title = _("state")
    parameter_name = "state"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        expired = Q(expires_at__lte=timezone.now())
        yield "valid", _("valid"), ~expired
        yield "expired", _("expired"), expired
        yield "unused", _("never used"), Q(last_used_at=None)


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnlyAdmin):
    """Deleting takes a token away from its owner at once."""

    list_display = (
        "shown",
        "name",
        "owner",
        "state",
        "scope_list",
        "expires_at",
        "last_used_at",
        "created_at",
    )
    list_filter = ("is_test", StateFilter, AgeFilter)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_help_text = _(
        "The id of a token or its owner, a token's last four characters, or the beginning of the owner's name"
    )
    sortable_by = ("created_at",)
    fields = (
        "row_id",
        "owner",
        "name",
        "shown",
        "state",
        "scope_list",
        "created_at",
        "expires_at",
        "last_used_at",
    )

    def condition_of(self, term: str) -> Q:
        if len(term) == 4 or is_ours(term):
            return super().condition_of(term) | Q(last_four=term[-4:])
        return super().condition_of(term)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: AccessToken) -> None:
        token_delete(token=obj)

    @display(description=_("token"))
    def shown(self, token: AccessToken) -> SafeString:
        return unbroken(f"{TEST_PREFIX if token.is_test else LIVE_PREFIX}…{token.last_four}")

    @display(description=_("state"))
    def state(self, token: AccessToken) -> SafeString:
        if token.expires_at is not None and token.expires_at <= timezone.now():
            return badge(_("expired"), "danger")
        return badge(_("test"), "info") if token.is_test else badge(_("valid"), "success")

    @display(description=_("scopes"))
    def scope_list(self, token: AccessToken) -> SafeString:
        shown = ((SCOPES.get(scope, ""), scope) for scope in token.scopes)
        return format_html_join(" ", '<code title="{}">{}</code>', shown)
