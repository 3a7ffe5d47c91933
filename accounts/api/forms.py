"""Forms of the pages that links in e-mails lead to."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.api.serializers.users import PASSWORD_LENGTH


class PasswordField(forms.CharField):
    def __init__(self, label: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(label=label, strip=False, min_length=8, max_length=PASSWORD_LENGTH, widget=widget)


class ConfirmForm(forms.Form):
    """Nothing to fill in: programs that look at mails follow links, but press no button."""


class NewPasswordForm(forms.Form):
    new_password = PasswordField(_("New password"))


class RegisterForm(forms.Form):
    username = forms.CharField(label=_("Username"), min_length=2, max_length=150)
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    password = PasswordField(_("Password"))
