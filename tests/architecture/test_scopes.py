"""Every door says what an access token needs for it, and is closed to a token that hasn't got it."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings
from django.urls import get_resolver, path
from django.utils import translation
from rest_framework.request import Request

from accounts.models import User
from config.api.scopes import OPEN, SCOPES, SESSION_ONLY, needed_scope
from config.api.views import ApiView
from tests.architecture import test_strangers
from tests.architecture.house import ROOT
from tests.architecture.test_endpoints import OPEN as OPEN_ADDRESSES
from tests.architecture.test_endpoints import addresses, api_addresses, api_views
from tests.architecture.test_strangers import METHODS, Door, doors, publish, snapshot
from tests.support.access_tokens import machine

keys = test_strangers.keys

#: What would be worth stealing a token for: the ways to a password, to more tokens, to keys, to the end of everything.
FOR_SESSIONS = {
    "POST api/v1/auth/password",
    "POST api/v1/auth/logout",
    "POST api/v1/auth/logout-everywhere",
    "GET api/v1/auth/sessions",
    "DELETE api/v1/auth/sessions/<uuid:session_id>",
    "DELETE api/v1/auth/me",
    "POST api/v1/access-tokens",
    "DELETE api/v1/access-tokens/<uuid:token_id>",
    "POST api/v1/api-keys",
    "POST api/v1/api-keys/verify",
    "PATCH api/v1/api-keys/<uuid:key_id>",
    "DELETE api/v1/api-keys/<uuid:key_id>",
    "POST api/v1/api-keys/<uuid:key_id>/verify",
}
METHODS_KNOWN = {method.upper() for method in METHODS}


def needs(urlconf: str | None = None) -> dict[Door, str]:
    """Every door of the API with what it asks a token for."""
    views = dict(addresses(get_resolver(urlconf).url_patterns))
    return {
        door: needed_scope(
            views[door.address].scope, door.method.upper(), views[door.address].session_methods
        )
        for door in doors(urlconf)
    }


def undeclared(views: Iterable[type[ApiView]]) -> set[str]:
    """Views that say nothing, or name a resource that has no scope."""
    resources = {name.partition(":")[0] for name in SCOPES} | {SESSION_ONLY, OPEN}
    return {view.__name__ for view in views if view.scope not in resources}


def ungranted(found: Iterable[str]) -> set[str]:
    """What doors ask for and no token can be given."""
    return set(found) - SCOPES.keys() - {SESSION_ONLY, OPEN}


# -- declarations --------------------------------------------------------------------------------------------------


def test_every_view_says_whose_door_it_is() -> None:
    assert undeclared(api_views()) == set()


def test_every_door_asks_for_a_scope_that_there_is() -> None:
    assert ungranted(needs().values()) == set()


def test_every_scope_opens_a_door() -> None:
    assert SCOPES.keys() - set(needs().values()) == set()


def test_scopes_are_in_order_and_explained() -> None:
    assert list(SCOPES) == sorted(SCOPES)
    assert all(in_language("en", text).endswith(".") for text in SCOPES.values())


def test_the_page_about_tokens_lists_them_all_in_both_languages() -> None:
    page = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+:\w+)` \| ([^|]+?) \| ([^|]+?) \|$", page, re.MULTILINE)
    assert rows == [
        (name, in_language("en", text), in_language("zh-hans", text)) for name, text in SCOPES.items()
    ]


def in_language(language: str, text: Any) -> str:
    with translation.override(language):
        return str(text)


def test_only_doors_without_a_login_are_open() -> None:
    open_doors = {where for where, view in api_addresses() if getattr(view, "scope", "") == OPEN}
    assert open_doors == OPEN_ADDRESSES.keys()


def test_what_is_for_sessions_only() -> None:
    assert {str(door) for door, needed in needs().items() if needed == SESSION_ONLY} >= FOR_SESSIONS


def test_methods_for_sessions_are_methods() -> None:
    assert {method for view in api_views() for method in view.session_methods} <= METHODS_KNOWN


# -- the walk ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scopes", ["the others", "every one"])
def test_without_the_scope_every_door_is_closed_and_nothing_changes(
    scopes: str, staff: User, keys: dict[str, UUID], enqueued: list[Any]
) -> None:
    """As staff, so that nothing else closes a door; with all scopes only those for sessions are closed."""
    asked = {door: needed for door, needed in needs().items() if needed != OPEN}
    clients = {
        needed: machine(staff, *(SCOPES.keys() - {needed}) if scopes == "the others" else SCOPES)
        for needed in sorted(set(asked.values()))
    }
    before, published = snapshot_without_use(), len(enqueued)
    for door, needed in asked.items():
        if scopes == "every one" and needed != SESSION_ONLY:
            continue
        answer = door.knock(clients[needed], keys)
        code = answer.json()["data"]["code"]
        expected = "SESSION_NEEDED" if needed == SESSION_ONLY else "SCOPE_MISSING"
        assert (answer.status_code, code) == (403, expected), door
        if needed != SESSION_ONLY:
            assert answer.json()["data"]["details"]["needed"] == needed
    assert snapshot_without_use() == before
    assert len(enqueued) == published


def test_the_scope_alone_opens_the_door(alice: User, keys: dict[str, UUID]) -> None:
    """To its owner's rows; what lies behind it may have other demands, but none of a scope."""
    publish(keys)
    reads = {door: needed for door, needed in needs().items() if door.method == "get"}
    clients = {needed: machine(alice, needed) for needed in sorted(set(reads.values()) & SCOPES.keys())}
    for door, needed in reads.items():
        if needed in clients:
            assert door.knock(clients[needed], keys).status_code == 200, door


def test_a_stream_asks_for_the_scope(alice: User, keys: dict[str, UUID]) -> None:
    streams = [door for door in doors() if door.address.endswith("/events")]
    assert streams
    for door in streams:
        answer = door.knock(machine(alice, "account:read"), keys, headers={"Accept": "text/event-stream"})
        assert (answer.status_code, answer.json()["data"]["code"]) == (403, "SCOPE_MISSING"), door


def snapshot_without_use() -> dict[str, list[Any]]:
    """When a token was last used is the one thing that even a refused request changes."""
    rows = snapshot()
    for row in rows["accounts.AccessToken"]:
        row.pop("last_used_at")
    return rows


# -- the answers ---------------------------------------------------------------------------------------------------


def test_the_answer_names_what_is_missing_and_what_there_is(alice: User) -> None:
    answer = machine(alice, "jobs:read", "templates:read").post("/api/v1/templates/batch-generate", {})
    data = answer.json()["data"]
    assert (answer.status_code, data["code"], data["retryable"]) == (403, "SCOPE_MISSING", False)
    assert data["details"] == {"needed": "templates:write", "granted": ["jobs:read", "templates:read"]}
    assert "templates:write" in data["message"]
    assert "jobs:read, templates:read" in data["message"]
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="atelier", error="insufficient_scope", scope="templates:write"'
    )


def test_it_says_so_in_chinese(alice: User) -> None:
    answer = machine(alice).get("/api/v1/jobs", headers={"Accept-Language": "zh-CN"})
    message = answer.json()["data"]["message"]
    assert "jobs:read" in message
    assert "account:read" in message


def test_a_method_that_a_view_lacks_is_still_a_405(alice: User) -> None:
    assert machine(alice, "jobs:read").put("/api/v1/jobs", {}).status_code == 405


@pytest.mark.parametrize(("method", "status"), [("head", 200), ("options", 204)])
def test_asking_about_a_door_is_reading(alice: User, method: str, status: int) -> None:
    assert getattr(machine(alice, "jobs:read"), method)("/api/v1/jobs").status_code == status
    assert getattr(machine(alice, "jobs:write"), method)("/api/v1/jobs").status_code == 403


def test_writing_does_not_include_reading(alice: User) -> None:
    assert machine(alice, "account:write").get("/api/v1/auth/me").status_code == 403


def test_the_scope_is_asked_for_before_the_body_is_read(alice: User) -> None:
    answer = machine(alice, "jobs:read").generic(
        "POST", "/api/v1/templates/projects", b"{", content_type="application/json"
    )
    assert answer.json()["data"]["code"] == "SCOPE_MISSING"


# -- the proof that the guards find something ----------------------------------------------------------------------


class SilentApi(ApiView):
    """Says nothing, so no token gets in; a session does."""

    def get(self, request: Request) -> dict[str, str]:
        return {}


class MistypedApi(ApiView):
    scope = "job"

    def get(self, request: Request) -> dict[str, str]:
        return {}

    def post(self, request: Request) -> dict[str, str]:
        return {}


class UngrantedApi(ApiView):
    scope = "catalogue"

    def delete(self, request: Request) -> dict[str, str]:
        return {}


urlpatterns = [
    path("api/v1/silent", SilentApi.as_view()),
    path("api/v1/mistyped", MistypedApi.as_view()),
    path("api/v1/ungranted", UngrantedApi.as_view()),
]


def test_the_guards_find_planted_views() -> None:
    planted = [SilentApi, MistypedApi, UngrantedApi]
    assert undeclared(planted) == {"SilentApi", "MistypedApi"}
    assert ungranted(needs(__name__).values()) == {"job:read", "job:write", "catalogue:write"}


@override_settings(ROOT_URLCONF=__name__)
def test_a_view_that_says_nothing_is_closed_to_tokens(alice: User, client_for: Any) -> None:
    answer = machine(alice, *SCOPES).get("/api/v1/silent")
    assert (answer.status_code, answer.json()["data"]["code"]) == (403, "SESSION_NEEDED")
    assert client_for(alice).get("/api/v1/silent").status_code == 200
