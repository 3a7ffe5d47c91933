"""Invitations in the admin: made, handed on, taken back."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Invitation, User
from accounts.services.invitations import DAYS, invitation_create, invitation_delete, invitation_url
from config.admin.base import BaseAdmin
from config.admin.cells import badge
from config.admin.filters import AgeFilter
from config.admin.forms import AmountField
from config.money import micros, money


class InvitationForm(forms.ModelForm):
    days = forms.IntegerField(label=_("Good for (days)"), min_value=1, max_value=365, initial=DAYS)
    limit = AmountField(_("Monthly limit (USD)"), help_text=_("Empty: what new accounts get."))

    class Meta:
        model = Invitation
        fields = ("email", "language")


@admin.register(Invitation)
class InvitationAdmin(BaseAdmin):
    """One with an address is sent there, where e-mail is set up; the link of any can be handed on."""

    form = InvitationForm
    list_display = ("shown", "state", "limit_shown", "invited_by", "used_by", "expires_at", "created_at")
    list_filter = (AgeFilter,)
    list_select_related = ("invited_by", "used_by")
    search_keys = ("pk",)
    search_fields = ("email__istartswith",)
    search_help_text = _("An invitation's id, or the beginning of an e-mail address")
    sortable_by = ("created_at", "expires_at")
    fields = ("email", "language", "days", "limit")

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        if obj is None:
            return self.fields
        return (
            "email",
            "language",
            "link",
            "state",
            "limit_shown",
            "invited_by",
            "used_by",
            "used_at",
            "expires_at",
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        """Rows are only made here: who invites is who is logged in."""
        made = invitation_create(
            invited_by=request.user if isinstance(request.user, User) else None,
            email=obj.email,
            language=obj.language,
            days=form.cleaned_data["days"],
            limit_micros=micros(form.cleaned_data["limit"]),
        )
        obj.pk = made.pk
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Invitation) -> None:
        invitation_delete(invitation=obj)

    @display(description=_("e-mail address"))
    def shown(self, invitation: Invitation) -> str:
        return invitation.email or str(_("whoever has the link"))

    @display(description=_("link"))
    def link(self, invitation: Invitation) -> str:
        return invitation_url(invitation) if invitation.is_open else "-"

    @display(description=_("state"))
    def state(self, invitation: Invitation) -> SafeString:
        if invitation.used_at is not None:
            return badge(_("used"), "success")
        return badge(_("open"), "info") if invitation.is_open else badge(_("expired"), "danger")

    @display(description=_("monthly limit"))
    def limit_shown(self, invitation: Invitation) -> str:
        return "-" if invitation.limit_micros is None else money(invitation.limit_micros)
