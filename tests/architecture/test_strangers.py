"""What isn't yours doesn't exist: every address, by every method, for everybody but the owner."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import models
from django.test import override_settings
from django.urls import get_resolver, path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIClient

from accounts.models import User
from config.api.lists.views import ListApi, ResourceApi
from config.api.views import ApiView
from generation.models import Job
from models3d.models import Model3D
from tests.architecture.house import own_models
from tests.architecture.test_endpoints import OPEN, addresses
from tests.support.rows import make_rows

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>")

#: What a method needs to get as far as the look-up of its row, where an empty object isn't enough.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("put", "api/v1/prompts/<uuid:prompt_id>/labels/<str:label>"): {"version": 1},
    ("post", "api/v1/tags/<uuid:tag_id>/merge"): {"into": str(UUID(int=1))},
    **{
        ("post", f"api/v1/conversations/<uuid:conversation_id>/{end}"): {"content": "茶"}
        for end in ("reply", "reply/estimate", "messages", "messages/<uuid:message_id>/edit")
    },
    ("post", "api/v1/conversations/<uuid:conversation_id>/fork"): {"message_id": str(UUID(int=1))},
    ("post", "api/v1/requests/<uuid:image_request_id>/select"): {"number": 1},
    ("post", "api/v1/models/public/<uuid:public_model_id>/report"): {"reason": "other"},
    ("post", "api/v1/models/<uuid:public_model_id>/download"): {"format": "stl"},
}
#: What addresses call by something else than a key, below a row with a key: the makers' rows have such parts.
PARTS = {"number": 1, "image_number": 1, "label": "上线", "format": "stl"}


@dataclass(frozen=True)
class Door:
    """One method of one address."""

    method: str
    address: str

    @property
    def parameters(self) -> list[str]:
        """The names of the keys."""
        return [found["name"] for found in PARAMETER.finditer(self.address) if found["name"] not in PARTS]

    def url(self, keys: Mapping[str, UUID]) -> str:
        """Raises KeyError for a parameter that nobody has made a row for."""
        values = {**PARTS, **keys}
        return "/" + PARAMETER.sub(lambda found: str(values[found["name"]]), self.address)

    def knock(self, client: APIClient, keys: Mapping[str, UUID], **options: Any) -> Any:
        body = BODIES.get((self.method, self.address), {}) if self.method != "get" else None
        return getattr(client, self.method)(self.url(keys), body, **options)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.address}"


def doors(urlconf: str | None = None) -> list[Door]:
    return [
        Door(method, where)
        for where, view in addresses(get_resolver(urlconf).url_patterns)
        if where.startswith("api/")
        for method in METHODS
        if hasattr(view, method)
    ]


def inner_doors() -> list[Door]:
    """Those to one row."""
    return [door for door in doors() if door.parameters]


def outer_doors() -> list[Door]:
    """Those to lists and to what belongs to oneself."""
    return [door for door in doors() if not door.parameters]


def key_models(urlconf: str | None = None) -> dict[str, type[models.Model]]:
    """Which model a key in an address belongs to, as the views below it say: the last key is that of their row."""
    views = addresses(get_resolver(urlconf).url_patterns)
    found = [
        (name, view.read_model.source_model)
        for where, view in views
        if isinstance(view, type) and issubclass(view, ResourceApi)
        for name in Door("", where).parameters
        if name not in view.scope_names
    ]
    return dict(found)


@pytest.fixture
def keys(alice: User) -> dict[str, UUID]:
    """Rows of alice's, by the names that addresses have for their keys."""
    return {name: make_rows(model, 1, alice).pk for name, model in key_models().items()}


def publish(keys: Mapping[str, UUID]) -> None:
    """What doors to the gallery lead to is there for everybody then, its owner too."""
    model = Model3D.objects.filter(pk=keys["public_model_id"])
    model.update(visibility="public", published_at=timezone.now())


def snapshot() -> dict[str, list[Any]]:
    """Every row of the house."""
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in own_models()}


def leaks(client: APIClient, found: Iterable[Door], keys: Mapping[str, UUID]) -> dict[str, int]:
    """The doors that do anything but deny that there is such a row, with their answers."""
    answers = {
        str(door): (answer.status_code, answer.json()["data"]["code"] if answer.status_code == 404 else "")
        for door in found
        for answer in [door.knock(client, keys)]
    }
    return {door: status for door, (status, code) in answers.items() if not code.endswith("NOT_FOUND")}


# -- the promises --------------------------------------------------------------------------------------------------


def test_every_parameter_has_a_row(keys: dict[str, UUID]) -> None:
    assert {name for door in doors() for name in door.parameters} == keys.keys()


def test_the_owner_gets_in(alice: User, client_for: Any, keys: dict[str, UUID]) -> None:
    client = client_for(alice)
    publish(keys)
    reads = [door for door in inner_doors() if door.method == "get"]
    assert {str(door): door.knock(client, keys).status_code for door in reads} == {
        str(door): 200 for door in reads
    }


@pytest.mark.parametrize("who", ["bob", "staff"])
def test_strangers_find_nothing_and_change_nothing(
    who: str, request: pytest.FixtureRequest, client_for: Any, keys: dict[str, UUID], enqueued: list[Any]
) -> None:
    client = client_for(request.getfixturevalue(who))
    before, published = snapshot(), len(enqueued)

    assert leaks(client, inner_doors(), keys) == {}

    assert snapshot() == before
    assert len(enqueued) == published


def test_strangers_get_no_stream(bob: User, client_for: Any, keys: dict[str, UUID]) -> None:
    streams = [door for door in inner_doors() if door.method == "get" and door.address.endswith("/events")]
    assert streams
    for door in streams:
        assert door.knock(client_for(bob), keys, headers={"Accept": "text/event-stream"}).status_code == 404


def test_lists_show_a_stranger_nothing_of_it(
    alice: User, bob: User, client_for: Any, keys: dict[str, UUID]
) -> None:
    strange, own = client_for(bob), client_for(alice)
    seen_by_owner = set()
    for door in outer_doors():
        if door.method == "get":
            answer = door.knock(strange, keys)
            assert shown(answer, keys) == set(), door
            assert rows_of(alice, door, answer) == [], door
            seen_by_owner |= shown(door.knock(own, keys), keys)
    assert seen_by_owner == keys.keys()


def rows_of(owner: User, door: Door, answer: Any) -> list[Any]:
    """Which of the rows on a page belong to this account."""
    view = dict(addresses(get_resolver().url_patterns))[door.address]
    if not issubclass(view, ListApi) or answer.status_code != 200:
        return []
    rows = view.read_model.source_model._base_manager.filter(
        pk__in=[row["id"] for row in answer.json()["data"]]
    )
    return [row for row in rows if getattr(row, "owner_id", None) == owner.pk]


def shown(answer: Any, keys: Mapping[str, UUID]) -> set[str]:
    """Which of the rows an answer speaks of."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return {name for name, key in keys.items() if str(key).encode() in body}


def test_filters_by_a_strangers_rows_find_nothing(
    alice: User, bob: User, client_for: Any, keys: dict[str, UUID]
) -> None:
    asked = [
        f"{door.url(keys)}?{name}={keys[name]}"
        for door in outer_doors()
        if door.method == "get"
        for name in getattr(dict(addresses(get_resolver().url_patterns))[door.address], "filters", {})
        if name in keys
    ]
    assert asked
    for url in asked:
        assert client_for(bob).get(url).json()["data"] == [], url
        assert client_for(alice).get(url).status_code == 200, url


@pytest.mark.django_db
def test_without_a_login_every_door_is_closed(anonymous: APIClient) -> None:
    nobody = dict.fromkeys((name for door in doors() for name in door.parameters), UUID(int=1))
    closed = [door for door in doors() if door.address not in OPEN]
    answers = {str(door): door.knock(anonymous, nobody).status_code for door in closed}
    assert set(answers.values()) == {401}, answers


# -- the proof that the walk finds something -----------------------------------------------------------------------


class LeakyApi(ApiView):
    """Forgets to ask whose it is."""

    def get(self, request: Request, job_id: UUID) -> dict[str, str]:
        return {"status": Job.objects.get(pk=job_id).status}

    def delete(self, request: Request, job_id: UUID) -> None:
        Job.objects.filter(pk=job_id).update(progress=7)


urlpatterns = [
    path("api/v1/leaky/<uuid:job_id>", LeakyApi.as_view()),
    path("api/v1/rooms/<uuid:room_id>", LeakyApi.as_view()),
]


@override_settings(ROOT_URLCONF=__name__)
def test_the_walk_finds_a_leak(bob: User, client_for: Any, keys: dict[str, UUID]) -> None:
    planted = doors(__name__)
    unknown = {name for door in planted for name in door.parameters} - keys.keys()
    assert unknown == {"room_id"}
    before = snapshot()
    leaky = [door for door in planted if not unknown & set(door.parameters)]
    assert leaks(client_for(bob), leaky, keys) == {
        "GET api/v1/leaky/<uuid:job_id>": 200,
        "DELETE api/v1/leaky/<uuid:job_id>": 200,
    }
    assert snapshot() != before
