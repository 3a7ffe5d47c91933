"""In which language an answer speaks."""

from contextlib import AbstractContextManager
from typing import Any

from django.http import HttpRequest
from django.utils import translation

#: What the address of a page may ask for.
LANGUAGES = {"zh": "zh-hans", "en": "en"}


def language_of(request: HttpRequest | None) -> str:
    """`zh` or `en`: what `LocaleMiddleware` made of Accept-Language, or what `prefer_language` set."""
    return "zh" if (translation.get_language() or "").startswith("zh") else "en"


def prefer_language(request: HttpRequest, user: Any) -> None:
    """Speak the account's language when the caller doesn't name one in Accept-Language."""
    language = getattr(user, "language", None)
    if language and not request.META.get("HTTP_ACCEPT_LANGUAGE"):
        translation.activate("zh-hans" if language == "zh" else "en")


def asked_language(request: HttpRequest) -> str:
    """What the address of a page asks for by `?lang=`: `zh`, `en` or nothing."""
    asked = request.GET.get("lang", "")
    return asked if asked in LANGUAGES else ""


def page_language(request: HttpRequest) -> AbstractContextManager[None]:
    """A page speaks the language that its address asks for, or else the browser's."""
    return translation.override(LANGUAGES.get(asked_language(request)) or translation.get_language())
