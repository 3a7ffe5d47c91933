"""Log-in sessions of the API in the admin: looked at, and ended."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from accounts.models import LoginSession
from accounts.services.sessions import session_revoke
from config.admin.actions import run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import badge
from config.admin.filters import AgeFilter


@admin.register(LoginSession)
class LoginSessionAdmin(ReadOnlyAdmin):
    list_display = ("created", "owner", "state", "ip_address", "program", "last_used_at", "expires_at")
    list_display_links = ("created",)
    list_filter = (AgeFilter,)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_help_text = _(
        "The id of a session or its owner, or the beginning of the owner's name or e-mail address"
    )
    sortable_by = ("created",)
    actions = ("end",)
    fields = (
        "row_id",
        "owner",
        "state",
        ("ip_address", "user_agent"),
        ("created_at", "last_used_at"),
        ("expires_at", "ended_at"),
    )

    def allowed_to(self, row: LoginSession) -> set[str]:
        is_over = row.ended_at is not None or row.expires_at <= timezone.now()
        return set() if is_over else {"end"}

    @admin.action(description=_("End the selected sessions"), permissions=["steer"])
    def end(self, request: HttpRequest, queryset: QuerySet[LoginSession]) -> None:
        run_each(
            request,
            queryset,
            lambda session: session_revoke(session=session),
            done=lambda n: ngettext("%d session has ended.", "%d sessions have ended.", n) % n,
        )

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
