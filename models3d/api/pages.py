"""What all pages of the gallery have in common: languages, addresses, and what a browser may do with them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from config.api.etags import body_etag, matches
from config.api.language import LANGUAGES, asked_language, language_of
from config.api.throttling import count_address
from generation.services.file_links import storage_origin

GALLERY, MODEL, FILE = "gallery", "gallery-model", "gallery-file"
DOWNLOAD, REPORT, SITEMAP = "gallery-download", "gallery-report", "gallery-sitemap"
#: What a browser may do with a page: nothing but show what we serve.
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
VIEWER_STYLE = "sha256-PXtZZkJMMyc18o/DN1ZEFOJ2qEGq95IQbVaJFMOXOb0="
#: What model-viewer needs besides: its script; WebAssembly for a decoder inside of it (no `eval`); the one style sheet
#: that it brings, by its hash; meshes, and their textures, which it reads out of them as blobs. No worker, nobody else.
VIEWER_POLICY = {
    **POLICY,
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": f"'self' '{VIEWER_STYLE}'",
    "connect-src": "'self' blob:",
}
#: The route, the keys and the parameters of a page.
Place = tuple[str, list[UUID], Mapping[str, str]]
NIL = UUID(int=0)
LIST_CACHE, MODEL_CACHE, NO_CACHE = "public, max-age=60", "private, no-cache", "no-store"


def address(request: HttpRequest, route: str, *keys: Any, **params: Any) -> str:
    """The address of a page that speaks the same language; parameters without a value are left out."""
    asked = {"lang": asked_language(request), **params}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse(route, args=keys)}{f'?{query}' if query else ''}"


def absolute(request: HttpRequest, route: str, *keys: Any, **params: Any) -> str:
    return request.build_absolute_uri(address(request, route, *keys, **params))


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    place: Place | None = None,
    status: int = 200,
    cache: str = NO_CACHE,
    has_viewer: bool = False,
) -> HttpResponse:
    """The page, or 304 for who has it already. `place` is that of one that search engines may show."""
    language = language_of(request)
    other = "en" if language == "zh" else "zh"
    shown: dict[str, Any] = {
        "language": "zh-CN" if language == "zh" else "en",
        "gallery_path": reverse(GALLERY),
        "gallery_address": address(request, GALLERY),
        "asked_language": asked_language(request),
        "other": other,
        "other_address": _in_language(request, other),
    }
    if place is not None:
        route, keys, params = place
        shown["addresses"] = {
            one: absolute(request, route, *keys, **{**params, "lang": one}) for one in ("", *LANGUAGES)
        }
        shown["canonical"] = shown["addresses"][asked_language(request)]
    response = render(request, f"gallery/{template}.html", {**shown, **context}, status=status)
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    response.headers["Cache-Control"] = cache
    response.headers["Content-Security-Policy"] = _policy(has_viewer=has_viewer)
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    if cache != NO_CACHE:
        etag = response.headers["ETag"] = body_etag(response.content)
        if matches(request.META.get("HTTP_IF_NONE_MATCH", ""), etag):
            response.status_code, response.content = 304, b""
    return response


def _policy(*, has_viewer: bool) -> str:
    """A page with the viewer has downloads, too: their form may lead to a bucket."""
    allowed = (
        {**VIEWER_POLICY, "form-action": f"'self' {storage_origin()}".rstrip()} if has_viewer else POLICY
    )
    return "; ".join(f"{what} {who}" for what, who in allowed.items())


def _in_language(request: HttpRequest, language: str) -> str:
    """The same page in another language."""
    params = request.GET.copy()
    params["lang"] = language
    return f"{request.path}?{params.urlencode()}"


def key_of(text: str) -> UUID:
    """The id in an address; what is none is the id of nothing."""
    try:
        return UUID(text)
    except ValueError:
        return NIL


def message(request: HttpRequest, title: str, text: str, *, status: int = 200) -> HttpResponse:
    return page(request, "message", {"title": title, "text": text}, status=status)


def gone(request: HttpRequest) -> HttpResponse:
    """Of a model that was never there, isn't public, is hidden or deleted: nobody learns which."""
    text = _("It was deleted, isn't public any more, or never was. The address may also be mistyped.")
    return message(request, _("This model isn't here"), text, status=404)


def too_many(request: HttpRequest) -> HttpResponse | None:
    """An answer to who asks for more pages than the API would answer."""
    window = count_address(request)
    if window is None or not window.is_over:
        return None
    text = _("Wait a moment, then load the page again.")
    response = message(request, _("Too many requests"), text, status=429)
    response.headers["Retry-After"] = str(max(1, round(window.reset)))
    return response
