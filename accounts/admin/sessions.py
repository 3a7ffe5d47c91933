"""Log-in sessions of the API in the back office: looked at, and ended."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from accounts.admin.budgets import OwnerSearch
from accounts.models import LoginSession
from accounts.services import session_revoke
from config.admin_site import AgeFilter, ReadOnlyAdmin, badge, run_each


@admin.register(LoginSession)
class LoginSessionAdmin(OwnerSearch, ReadOnlyAdmin):
    list_display = ("created", "owner", "state", "ip_address", "program", "last_used_at", "expires_at")
    list_display_links = ("created",)
    list_filter = (AgeFilter,)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("owner__username",)
    search_help_text = _(
        "A session's or its owner's id, or the beginning of an owner's name or e-mail address"
    )
    sortable_by = ("created",)
    actions = ("end",)
    fields = (
        "id",
        "owner",
        "state",
        ("ip_address", "user_agent"),
        ("created_at", "last_used_at"),
        ("expires_at", "ended_at"),
    )
    readonly_fields = ("id", "state")

    @admin.action(description=_("End the selected sessions"), permissions=["steer"])
    def end(self, request: HttpRequest, queryset: QuerySet[LoginSession]) -> None:
        run_each(
            request,
            queryset,
            lambda session: session_revoke(session=session),
            done=lambda n: ngettext("%d session has ended.", "%d sessions have ended.", n) % n,
        )

    def has_steer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_loginsession")

    @display(description=_("created"), ordering="pk")
    def created(self, session: LoginSession) -> Any:
        return session.created_at

    @display(description=_("program"))
    def program(self, session: LoginSession) -> str:
        return session.user_agent[:60]

    @display(description=_("state"))
    def state(self, session: LoginSession) -> SafeString:
        if session.ended_at is not None:
            return badge(_("ended"))
        if session.expires_at <= timezone.now():
            return badge(_("expired"), "danger")
        return badge(_("active"), "success")
