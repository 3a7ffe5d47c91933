"""Access tokens in the back office: who has which, and taking them away."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.domain.tokens import LIVE_PREFIX, TEST_PREFIX, is_ours
from accounts.models import AccessToken, User
from accounts.services import token_delete
from config.admin_site import AgeFilter, ReadOnlyAdmin, as_uuid, badge, unbroken
from config.api.scopes import SCOPES

#: Owners whose names begin with what is searched for; who means a certain one types more of the name.
OWNERS_SEARCHED = 1000


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("valid", _("valid")), ("expired", _("expired")), ("unused", _("never used"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AccessToken]) -> QuerySet[AccessToken]:
        expired = Q(expires_at__lte=timezone.now())
        conditions = {"valid": ~expired, "expired": expired, "unused": Q(last_used_at=None)}
        return queryset.filter(conditions.get(self.value() or "", Q()))


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
    search_fields = ("last_four",)
    search_help_text = _(
        "The token's or its owner's id, the token's last four characters, or the beginning of a name"
    )
    sortable_by = ("created_at",)
    fields = (
        "id",
        "owner",
        "name",
        "shown",
        "state",
        "scope_list",
        "created_at",
        "expires_at",
        "last_used_at",
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By two indexes of its own table: a search across the join to the owners would read all of it."""
        term = search_term.strip()
        if not term or as_uuid(term) is not None:
            return super().get_search_results(request, queryset, search_term)
        owners = User.objects.filter(username__istartswith=term).values_list("pk", flat=True)
        end = term[-4:] if len(term) == 4 or is_ours(term) else ""
        wanted = Q(last_four=end) | Q(owner_id__in=list(owners[:OWNERS_SEARCHED]))
        return queryset.filter(wanted), False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: AccessToken) -> None:
        token_delete(token=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AccessToken]) -> None:
        for token in queryset:
            token_delete(token=token)

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
