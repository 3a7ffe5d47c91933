"""Logging in to the admin, and changing one's own password there. Guesses are counted as at the API's."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm

from accounts.models import User
from accounts.services.sessions import login_account
from accounts.services.users import password_save
from config import audit
from config.admin_site import TOO_MANY
from config.api import origin
from config.api.throttling import LoginLimit
from config.errors import RateLimitedError
from config.logs import REMOVED


class LoginForm(AuthenticationForm):
    """Whoever guesses here and at the API has no more guesses than at one of them."""

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password"):
            return super().clean()
        limit = begun(self.request, login_account(name))
        given: dict[str, Any] = super().clean()
        limit.succeeded()
        return given


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Ends the sessions of the account, in the API too; the one that it is changed in goes on."""

    def clean_old_password(self) -> str:
        limit = begun(origin.request(), str(self.user.pk))
        old = str(super().clean_old_password())
        limit.succeeded()
        return old

    def save(self, commit: bool = True) -> User:
        self.user.set_password(self.cleaned_data["new_password1"])
        with transaction.atomic():
            password_save(user=self.user)
            changes = {"password": {"from": REMOVED, "to": REMOVED}}
            audit.record(self.user, "change", self.user, changes=changes)
        return self.user


def begun(request: HttpRequest | None, account: str) -> LoginLimit:
    """An attempt that was counted. Raises ValidationError when there were too many."""
    limit = LoginLimit(request or HttpRequest(), account)
    try:
        limit.begin()
    except RateLimitedError as exc:
        seconds = max(1, round(exc.retry_after or 1))
        message = exc.message(get_language() or "en")
        raise forms.ValidationError(message, code=TOO_MANY, params={"retry_after": seconds}) from None
    return limit


admin.site.login_form = LoginForm
admin.site.password_change_form = OwnPasswordForm  # type: ignore[attr-defined]
