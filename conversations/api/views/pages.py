"""The page that shows a shared conversation to whoever has its link. Outside of the API: nobody logs in."""

import base64
import hashlib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.api.language import language_of, page_language
from config.api.throttling import AddressLimit, Window, count_address
from config.errors import RateLimitedError
from config.markdown.style import stylesheet
from conversations.api.exports import speaker
from conversations.models import ConversationShare
from conversations.services.shares import share_of_token

#: The page's own style sheet, and nothing else: whatever got past the sanitizer runs nothing and reaches nobody.
POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#: Pages that are kept as HTML in each process: what is shared doesn't change.
KEPT = 16


@require_safe
@never_cache
def shared_conversation(request: HttpRequest, token: str) -> HttpResponse:
    """A link that is unknown, revoked or expired gets the same page, so that nobody learns which."""
    with page_language(request):
        window = count_address(request)
        if window is not None and window.is_over:
            return _too_many(request, window)
        guesses = AddressLimit(request, "shared")
        try:
            guesses.begin()
        except RateLimitedError as exc:
            return _page(request, {"is_limited": True}, status=429, retry_after=exc.retry_after)
        share = share_of_token(token)
        if share is None:
            return _page(request, {}, status=404)
        guesses.succeeded()
        return _page(request, {"share": share, "messages": _messages(share)})


def _too_many(request: HttpRequest, window: Window) -> HttpResponse:
    return _page(request, {"is_limited": True}, status=429, retry_after=window.reset)


def _messages(share: ConversationShare) -> list[dict[str, Any]]:
    return [
        {"role": role, "speaker": speaker(role, is_own=False), "html": html, "files": files}
        for role, html, files in _rendered(share.pk)
    ]


@lru_cache(maxsize=KEPT)
def _rendered(share_id: UUID) -> tuple[tuple[str, str, int], ...]:
    from config.markdown.sanitized import markdown_to_html  # heavy

    content = ConversationShare.objects.values_list("content", flat=True).get(pk=share_id)
    return tuple((one["role"], markdown_to_html(one["content"]).html, one.get("files", 0)) for one in content)


def _page(
    request: HttpRequest, context: dict[str, Any], *, status: int = 200, retry_after: float | None = None
) -> HttpResponse:
    language = language_of(request)
    other = "en" if language == "zh" else "zh"
    style, digest = _style()
    context = {**context, "style": style, "language": "zh-CN" if language == "zh" else "en", "other": other}
    response = render(request, "conversations/shared.html", context, status=status)
    response.headers["Content-Security-Policy"] = POLICY.format(digest=digest)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
    return response


@cache
def _style() -> tuple[str, str]:
    """The style sheet, and its hash: the only thing that the page lets a browser use."""
    own = files("conversations.api").joinpath("shared.css").read_text(encoding="utf-8")
    style = f"\n{stylesheet()}{own}"
    return style, base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
