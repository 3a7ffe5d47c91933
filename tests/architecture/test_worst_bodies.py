"""An answer may not be larger than its question deserves: every door that reads a body gets the worst ones.

Measured are the size of the answer, the Python calls made for it and the memory, none of which depends on how fast the
machine is.
"""

import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from cProfile import Profile
from functools import cache
from typing import Any
from uuid import UUID

import orjson
import pytest
from rest_framework.test import APIClient

from accounts.models import User
from config.api.docs import schema_json
from config.api.problems import MOST_PROBLEMS
from tests.architecture.test_strangers import PARAMETER, Door, doors, keys

__all__ = ["keys"]

pytestmark = pytest.mark.django_db

JSON, FORM = "application/json", "multipart/form-data"
#: What is sent at once here, where a door takes as much.
BODY_BYTES = 20_000
LARGEST_ANSWER = 8_000
#: A page of a list takes some thousand. A list of ids may be long, and each is looked at.
MOST_CALLS = 200_000


def reading_doors() -> list[Door]:
    return [door for door in doors() if door.method in ("post", "put", "patch")]


@cache
def schema() -> dict[str, Any]:
    return orjson.loads(schema_json())


def content(door: Door) -> dict[str, Any]:
    """What the door reads, by media type, as the schema has it."""
    path = "/" + PARAMETER.sub(lambda found: f"{{{found['name']}}}", door.address)
    return schema()["paths"][path][door.method].get("requestBody", {"content": {JSON: {}}})["content"]


def fields(door: Door) -> dict[str, Any]:
    """What the door's body may hold."""
    shape = content(door)[JSON].get("schema", {})
    while "$ref" in shape:
        shape = schema()["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    return shape.get("properties", {})


def unknown_fields(size: int) -> bytes:
    return orjson.dumps({f"u{number:07}": 0 for number in range(size // 13)})


def worst_bodies(door: Door, size: int = BODY_BYTES) -> Iterator[tuple[str, str, bytes]]:
    """What each is, its media type, and the body, for every type that the door reads."""
    for media_type in content(door):
        if media_type == JSON:
            bodies = worst_objects(fields(door), size)
        elif media_type == FORM:
            bodies = worst_forms(size)
        else:
            bodies = worst_tables(size)
        for what, body in bodies:
            yield what, f"{FORM}; boundary=x" if media_type == FORM else media_type, body


def worst_tables(size: int) -> Iterator[tuple[str, bytes]]:
    yield "lines", b"=,\xff\n" * (size // 4)
    yield "one line", b"," * size
    yield "many wrong rows", b"name_zh,name_en,website\n" + b"=1,-1,x\n" * (size // 8)
    yield "many wrong prompts", b"content,url\n" + b"x,x\n" * (size // 4)


def worst_forms(size: int) -> Iterator[tuple[str, bytes]]:
    def form(*parts: bytes) -> bytes:
        return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"

    def named(name: bytes, more: bytes = b"") -> bytes:
        return b'Content-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\nv"

    yield "fields", form(*(named(b"u%05d" % number) for number in range(size // 60)))
    yield "files", form(*[named(b"file", b'; filename="a"')] * (size // 70))
    yield "a long name of a field", form(named(b"u" * size))
    yield "a long name of a file", form(named(b"file", b'; filename="' + b"a" * size + b'"'))
    yield "a long field", form(named(b"u") + b"v" * size)
    yield "beginnings", b"--x\r\n" * (size // 5)
    yield "headers", b"--x\r\n" + b"A: b\r\n" * (size // 6) + b"\r\nv\r\n--x--\r\n"
    yield "a file of brackets", form(named(b"file", b'; filename="a"') + b"[" * size)
    yield "a file of nothing known", form(named(b"file", b'; filename="a"') + b"\x00" * size)


def worst_objects(names: Iterable[str], size: int) -> Iterator[tuple[str, bytes]]:
    yield "unknown fields", unknown_fields(size)
    yield "one long name", orjson.dumps({"u" * (size - 10): 0})
    yield "a list", b"[" + b",".join([b"{}"] * (size // 3)) + b"]"
    yield "brackets", b"[" * size
    for name in names:
        for what, value in {
            "wrong items": b"[" + b",".join([b'"\xc3\x97"'] * (size // 5)) + b"]",
            "lists in a list": b"[" + b",".join([b"[]"] * (size // 3)) + b"]",
            "objects": b"{" + b",".join(b'"k%06d":{}' % number for number in range(size // 13)) + b"}",
            "a long text": b'"' + b"\\u0001" * (size // 6) + b'"',
            "few wrong items": b"[" + b",".join([b'"x"'] * 4_000) + b"]",
        }.items():
            yield f"{name}: {what}", b'{"' + name.encode() + b'":' + value + b"}"


@contextmanager
def counted() -> Iterator[list[int]]:
    """How many Python functions are called inside."""
    calls = [0]
    profile = Profile(subcalls=False, builtins=False)
    with profile:
        yield calls
    calls[0] = sum(entry.callcount for entry in profile.getstats())


@pytest.fixture
def client(client_for: Any, alice: User) -> APIClient:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    return client_for(alice)


def test_no_body_makes_a_large_answer_or_much_work(
    client: APIClient, keys: dict[str, UUID], settings: Any
) -> None:
    settings.RATE_LIMIT_MAX_REQUESTS = settings.LOGIN_LIMIT_MAX_ATTEMPTS = 0
    worst: dict[str, Any] = {}
    for door in reading_doors():
        client.generic(door.method.upper(), door.url(keys), b"{", content_type=JSON)  # what is imported once
        for what, media_type, body in worst_bodies(door):
            with counted() as calls:
                answer = client.generic(door.method.upper(), door.url(keys), body, content_type=media_type)
            # What was accepted is shown, however long it is.
            said = len(answer.content) if answer.status_code >= 400 else 0
            if answer.status_code == 500 or said > LARGEST_ANSWER or calls[0] > MOST_CALLS:
                worst[f"{door} {what}"] = (answer.status_code, said, calls[0])
    assert worst == {}


def test_problems_are_counted_and_the_first_of_them_named(client: APIClient) -> None:
    answer = client.post("/api/v1/access-tokens", unknown_fields(200_000), content_type=JSON)
    problems = answer.json()["data"]["details"]
    sent = len(orjson.loads(unknown_fields(200_000)))
    missing = 2  # name and scopes
    assert len(problems["fields"]) == MOST_PROBLEMS
    assert problems["more"] == sent + missing - MOST_PROBLEMS


def test_wrong_items_are_counted_and_a_list_is_measured_first(client: APIClient) -> None:
    def details(ids: list[str]) -> dict[str, Any]:
        body = {"project_ids": ids, "all": True}
        return client.post("/api/v1/templates/batch-generate", body).json()["data"]["details"]

    some = details(["x"] * 50)
    assert [problem["field"] for problem in some["fields"][:2]] == ["project_ids.0", "project_ids.1"]
    assert some["more"] == 50 - MOST_PROBLEMS
    long = details(["x"] * 30_000)
    assert ([problem["code"] for problem in long["fields"]], long["more"]) == (["max_length"], 0)


@pytest.mark.parametrize("path", ["register", "login", "refresh"])
def test_who_is_not_logged_in_may_send_little(anonymous: APIClient, path: str) -> None:
    answer = anonymous.generic("POST", f"/api/v1/auth/{path}", unknown_fields(20_000), content_type=JSON)
    assert (answer.status_code, answer.json()["data"]["code"]) == (413, "BODY_TOO_LARGE")


def test_memory_stays_near_the_body_and_comes_back(client: APIClient, settings: Any) -> None:
    body = unknown_fields(settings.MAX_BODY_BYTES - 1000)
    client.post("/api/v1/access-tokens", b"{}", content_type=JSON)  # what is made once
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        answer = client.post("/api/v1/access-tokens", body, content_type=JSON)
        size = len(answer.content)
        del answer
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < LARGEST_ANSWER
    assert peak - before < 25 * len(body)
    assert after - before < 2 * len(body)  # the client here keeps what it sent
