"""What isn't yours doesn't exist: every address, by every method, for everybody but the owner."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import override_settings
from django.urls import get_resolver, path
from rest_framework.request import Request
from rest_framework.test import APIClient

from accounts.models import LoginSession, User
from accounts.services import key_create, session_start, token_create
from config.api.views import ApiView
from config.crypto import Secret
from generation.models import Job
from tests.architecture.house import KERNEL, house_apps
from tests.architecture.test_endpoints import OPEN, addresses
from tests.templates.factories import document_make, generate, project_of, template_of

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>")
NOT_OURS = {"api/<path:unknown>"}

#: What a method needs to get as far as the look-up of its row, where an empty object isn't enough.
BODIES: dict[tuple[str, str], dict[str, Any]] = {}

#: Lists that show everybody the same things besides their own.
SHARED = {
    "api/v1/templates/list": "the shared library",
    "api/v1/templates/categories": "the shared shelves",
    "api/v1/auth/me": "one's own account",
    "api/v1/auth/sessions": "one's own sessions",
    "api/v1/queue/status": "how busy the workers are",
    "api/v1/catalogue": "the models that there are",
    "api/v1/activities/stats": "counts of one's own activities",
    "api/v1/usage": "sums over one's own calls",
    "api/v1/usage/budget": "one's own budget",
}


@dataclass(frozen=True)
class Door:
    """One method of one address."""

    method: str
    address: str

    @property
    def parameters(self) -> list[str]:
        return [found["name"] for found in PARAMETER.finditer(self.address)]

    def url(self, keys: Mapping[str, UUID]) -> str:
        """Raises KeyError for a parameter that nobody has made a row for."""
        return "/" + PARAMETER.sub(lambda found: str(keys[found["name"]]), self.address)

    def knock(self, client: APIClient, keys: Mapping[str, UUID], **options: Any) -> Any:
        body = BODIES.get((self.method, self.address), {}) if self.method != "get" else None
        return getattr(client, self.method)(self.url(keys), body, **options)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.address}"


def doors(urlconf: str = "config.urls") -> list[Door]:
    return [
        Door(method, where)
        for where, view in addresses(get_resolver(urlconf).url_patterns)
        if where.startswith("api/") and where not in NOT_OURS
        for method in METHODS
        if hasattr(view, method)
    ]


def inner_doors() -> list[Door]:
    """Those to one row."""
    return [door for door in doors() if door.parameters]


def outer_doors() -> list[Door]:
    """Those to lists and to what belongs to oneself."""
    return [door for door in doors() if not door.parameters]


@pytest.fixture
def keys(alice: User) -> dict[str, UUID]:
    """Alice's rows, by the names that addresses have for them. A new parameter needs a row here."""
    project = project_of(alice)
    template = template_of(alice)
    batch = generate(alice, project_ids=(project.pk,), template_codes=(template.code,), languages=("zh",))
    document = document_make(alice, project=project, content_template=template, language="en")
    session_start(user=alice)
    token, _ = token_create(owner_id=alice.pk, name="夜间批处理", scopes=["jobs:read"])
    return {
        "session_id": LoginSession.objects.latest("created_at").pk,
        "token_id": token.pk,
        "key_id": key_create(owner_id=alice.pk, provider="openai", secret=Secret("sk-alices-own-key")).pk,
        "project_id": project.pk,
        "content_template_id": template.pk,
        "document_id": document.pk,
        "batch_id": batch.pk,
        "job_id": Job.objects.get(parent_id=batch.job_id).pk,
    }


def snapshot() -> dict[str, list[Any]]:
    """Every row of the house."""
    ours = {KERNEL, *house_apps()}
    found = [model for model in apps.get_models() if model.__module__.partition(".")[0] in ours]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in found}


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
        if door.method != "get":
            continue
        answer = door.knock(strange, keys)
        assert shown(answer, keys) == set(), door
        if door.address not in SHARED and answer.status_code == 200:
            assert answer.json()["data"] == [], door
        seen_by_owner |= shown(door.knock(own, keys), keys)
    assert seen_by_owner >= keys.keys() - {"job_id"}  # an item of a batch is listed by its parent


def shown(answer: Any, keys: Mapping[str, UUID]) -> set[str]:
    """Which of the rows an answer speaks of."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return {name for name, key in keys.items() if str(key).encode() in body}


def test_filters_by_a_strangers_rows_find_nothing(
    alice: User, bob: User, client_for: Any, keys: dict[str, UUID]
) -> None:
    parent = Job.objects.get(pk=keys["job_id"]).parent_id
    asked = [
        f"/api/v1/templates/documents?project_id={keys['project_id']}",
        f"/api/v1/templates/documents?content_template_id={keys['content_template_id']}",
        f"/api/v1/jobs?parent_id={parent}",
    ]
    for url in asked:
        assert client_for(bob).get(url).json()["data"] == [], url
        assert client_for(alice).get(url).json()["data"] != [], url


def test_a_stranger_cant_work_with_it(bob: User, client_for: Any, keys: dict[str, UUID]) -> None:
    project_of(bob)
    before = Job.objects.count()
    answer = client_for(bob).post(
        "/api/v1/templates/batch-generate", {"project_ids": [str(keys["project_id"])], "languages": ["zh"]}
    )
    assert answer.status_code in {404, 422}, answer.content
    assert Job.objects.count() == before


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


def test_shared_lists_exist() -> None:
    assert {door.address for door in outer_doors()} >= SHARED.keys()
