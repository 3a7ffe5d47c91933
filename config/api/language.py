"""In which language an answer speaks."""

from typing import Any

from django.http import HttpRequest
from django.utils import translation


def language_of(request: HttpRequest | None) -> str:
    """`zh` or `en`: what `LocaleMiddleware` made of Accept-Language, or what `prefer_language` set."""
    return "zh" if (translation.get_language() or "").startswith("zh") else "en"


def prefer_language(request: HttpRequest, user: Any) -> None:
    """Speak the account's language when the caller doesn't name one in Accept-Language."""
    language = getattr(user, "language", None)
    if language and not request.META.get("HTTP_ACCEPT_LANGUAGE"):
        translation.activate("zh-hans" if language == "zh" else "en")
