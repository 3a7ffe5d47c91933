"""Every address of the API needs a login, or stands here with the reason why not."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, path
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.views import APIView

from config.api.views import ApiView

OPEN = {
    "api/v1/auth/register": "Who has no account can't log in",
    "api/v1/auth/login": "This is where one logs in",
    "api/v1/auth/refresh": "The refresh token is the proof",
    "api/v1/auth/password-reset": "Who has forgotten the password can't log in",
    "api/v1/auth/password-reset/confirm": "The link is the proof",
    "api/v1/auth/confirm-email": "The link is the proof",
    "api/v1/auth/confirm-email/send": "Who waits for the link can't log in",
    "api/v1/models/public": "What is public is shown to everybody",
    "api/v1/models/public/<uuid:public_model_id>": "What is public is shown to everybody",
    "api/v1/models/public/<uuid:public_model_id>/report": "Who is wronged needn't have an account",
    "api/v1/models/<uuid:public_model_id>/remixes": "What is public is shown to everybody",
    "api/v1/models/<uuid:public_model_id>/download": "What is public is downloaded by everybody",
    "api/v1/models/licences": "Licences are no secret",
}


def addresses(patterns: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All addresses below `patterns` with what serves them."""
    for entry in patterns:
        here = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, here)
        elif isinstance(entry, URLPattern):
            yield here, getattr(entry.callback, "cls", entry.callback)


def api_addresses() -> list[tuple[str, Any]]:
    return [(where, view) for where, view in addresses(get_resolver().url_patterns) if where[:4] == "api/"]


def api_views() -> list[type[ApiView]]:
    """The view classes of the API, each once."""
    found = [view for _, view in api_addresses() if isinstance(view, type) and issubclass(view, ApiView)]
    return list(dict.fromkeys(found))


def open_addresses(found: Iterable[tuple[str, Any]]) -> set[str]:
    """Those that serve callers without a login."""
    return {where for where, view in found if not needs_login(view)}


def needs_login(view: Any) -> bool:
    if not (isinstance(view, type) and issubclass(view, APIView)):
        return False
    demands = any(
        isinstance(demand, type) and issubclass(demand, IsAuthenticated) for demand in view.permission_classes
    )
    return demands and bool(view.authentication_classes)


def test_every_address_needs_a_login_or_says_why_not() -> None:
    assert open_addresses(api_addresses()) == set(OPEN)


def test_every_reason_is_given() -> None:
    assert all(reason.strip() for reason in OPEN.values())


def test_every_address_is_an_api_view() -> None:
    others = {
        where for where, view in api_addresses() if not (isinstance(view, type) and issubclass(view, ApiView))
    }
    assert others <= set(STREAMS)


#: Streams speak text/event-stream and stay open: plain views, with a login of their own.
STREAMS: set[str] = set()


def test_no_address_ends_with_a_slash() -> None:
    assert [where for where, _ in api_addresses() if where.endswith("/")] == []


def test_the_guard_finds_planted_views() -> None:
    class ClosedApi(ApiView):
        pass

    class PlantedApi(ApiView):
        permission_classes = (AllowAny,)

    class NobodyIsAskedApi(ApiView):
        authentication_classes = ()

    def plain(request: Any) -> None: ...

    planted = [
        path("api/v1/closed", ClosedApi.as_view()),
        path("api/v1/open", PlantedApi.as_view()),
        path("api/v1/nobody", NobodyIsAskedApi.as_view()),
        path("api/v1/plain", plain),
    ]
    assert open_addresses(addresses(planted)) == {"api/v1/open", "api/v1/nobody", "api/v1/plain"}
