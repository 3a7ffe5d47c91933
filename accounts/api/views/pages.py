"""Pages that links in e-mails lead to, for people without a client of their own."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from accounts.api.forms import ConfirmForm, NewPasswordForm, RegisterForm
from accounts.services.recovery import email_confirm, password_reset
from accounts.services.registration import user_register
from config.api.language import language_of
from config.api.throttling import AddressLimit
from config.errors import AppError


@method_decorator(never_cache, name="dispatch")
class LinkPage(FormView):  # type: ignore[type-arg]
    """A form whose one button calls one service with the link's token."""

    template_name = "account/page.html"
    title: Any
    done: Any
    limit = "links"

    @property
    def token(self) -> str:
        return str(self.request.GET.get("token", ""))

    def act(self, given: dict[str, Any]) -> None:
        raise NotImplementedError

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            AddressLimit(self.request, self.limit).begin()
            self.act(form.cleaned_data)
        except AppError as exc:
            form.add_error(None, exc.message(get_language() or "en"))
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            return self.render_to_response(self.get_context_data(form=None, message=self.done))
        return self.form_invalid(form)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(title=self.title, **context)


class PasswordPage(LinkPage):
    form_class = NewPasswordForm
    title = _("A new password")
    done = _("Your password is new. Log in with it.")

    def act(self, given: dict[str, Any]) -> None:
        password_reset(token=self.token, new=given["new_password"])


class EmailPage(LinkPage):
    form_class = ConfirmForm
    title = _("Confirm your e-mail address")
    done = _("Your address is confirmed. You can log in now.")

    def act(self, given: dict[str, Any]) -> None:
        email_confirm(token=self.token)


class RegisterPage(LinkPage):
    form_class = RegisterForm
    title = _("Open an account")
    done = _("Your account is open. You can log in now.")
    limit = "register"

    def act(self, given: dict[str, Any]) -> None:
        user_register(**given, invitation=self.token, language=language_of(self.request))
