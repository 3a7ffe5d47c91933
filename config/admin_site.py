"""The site of the admin: Unfold's, with doors that count guesses.

No part of `config.admin`: Django makes the site while it imports this, and pages registered then would be lost.
"""

from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.views.i18n import JavaScriptCatalog
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.sites import UnfoldAdminSite

#: The error code by which a form says that there were too many attempts.
TOO_MANY = "rate_limited"


#: These pages show what models and strangers wrote. Unfold's Alpine evaluates its own attributes, which needs
#: 'unsafe-eval'; scripts and handlers inside the page don't run.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' https: data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class HouseAdminSite(UnfoldAdminSite):
    """`login_form` and `password_change_form` are set by the app that knows accounts."""

    password_change_form: Any = AdminOwnPasswordChangeForm

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            speak_to(request)
            answer: HttpResponse = shown(request, *args, **kwargs)
            answer.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            return answer

        return guarded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer = told_apart(super().login(request, extra_context))
        if request.method == "POST" and answer.status_code == HTTPStatus.FOUND:
            answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)  # the choice of who sat here before
        return answer

    def i18n_javascript(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With our words for what Django's scripts say in no Chinese yet."""
        return JavaScriptCatalog.as_view(packages=["django.contrib.admin", "config"])(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """As Unfold's, but for the form, which it doesn't let one choose."""
        view = PasswordChangeView.as_view(
            form_class=self.password_change_form,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
            template_name=self.password_change_template or "registration/password_change_form.html",
        )
        request.current_app = self.name  # type: ignore[attr-defined]
        return told_apart(view(request))


def speak_to(request: HttpRequest) -> None:
    """In the language of who is logged in, until they choose another at the top of a page.

    Browsers always name some language; what the account has been set to says more.
    """
    language = getattr(request.user, "language", None)
    if language and not request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
        translation.activate("zh-hans" if language == "zh" else "en")
        request.LANGUAGE_CODE = translation.get_language()


def told_apart(answer: Any) -> HttpResponse:
    """The page with the form's complaint, as a 429 when it is about too many attempts."""
    form = (answer.context_data or {}).get("form") if isinstance(answer, TemplateResponse) else None
    errors = form.errors.as_data().values() if form is not None and form.is_bound else ()
    for error in (one for group in errors for one in group if one.code == TOO_MANY):
        answer.status_code = 429
        answer.headers["Retry-After"] = str(error.params["retry_after"])
    page: HttpResponse = answer
    return page
