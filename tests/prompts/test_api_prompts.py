"""Prompts over HTTP: kept, changed, used, deleted."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, User
from config.api.lists.plain import plain_queryset, plain_serializer
from prompts.api.serializers.prompts import PromptOut
from prompts.models import Prompt
from tests.prompts.conftest import PROMPTS
from tests.prompts.factories import prompt_of, tag_of

pytestmark = pytest.mark.django_db


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def told() -> list[tuple[str, dict[str, Any]]]:
    """The activities of prompts, without where they came from."""
    return list(Activity.objects.order_by("pk").values_list("action", "details"))


def address(prompt: Prompt) -> str:
    return f"{PROMPTS}/{prompt.pk}"


# -- keeping and changing ------------------------------------------------------------------------------------------


def test_a_prompt_is_kept_changed_and_deleted(client: APIClient, alice: User) -> None:
    tag = tag_of(alice, "邮件")
    made = client.post(
        PROMPTS,
        {
            "content": "# 周报\r\n\r\n写一封周报。",
            "response": "各位好：",
            "folder": " work//emails/ ",
            "platform": "ChatGPT",
            "url": "https://chat.example.com/c/1",
            "tag_ids": [tag.pk],
            "metrics": {"clarity": 80},
        },
    )
    assert made.status_code == 201
    prompt = made.json()["data"]
    assert (prompt["title"], prompt["folder"], prompt["version"]) == ("周报", "work/emails", 1)
    assert prompt["content"] == "# 周报\n\n写一封周报。"
    assert [one["name"] for one in prompt["tags"]] == ["邮件"]
    assert prompt["metrics"] == {
        **dict.fromkeys(("specificity", "creativity", "relevance", "effectiveness")),
        "clarity": 80,
    }

    where = made.headers["Location"]
    read = client.get(where)
    assert read.json()["data"] == prompt
    changed = client.patch(
        where, {"content": "写一封周报，列出三件事。"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert (changed.status_code, changed.json()["data"]["version"]) == (200, 2)

    assert client.delete(where, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert code(client.get(where)) == (404, "NOT_FOUND")
    assert [action for action, _ in told()[-3:]] == ["create_prompt", "update_prompt", "delete_prompt"]
    assert told()[-2][1] == {"version": 2, "fields": ["content"]}


def test_only_another_text_is_another_version(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice)
    for changes in (
        {"title": "周报"},
        {"folder": "work"},
        {"response": "好"},
        {"metrics": {"clarity": 1}},
        {"content": prompt.content},
    ):
        assert client.patch(address(prompt), changes).json()["data"]["version"] == 1
    declared = [{"name": "topic", "default": "周报"}]
    assert client.patch(address(prompt), {"variables": declared}).json()["data"]["version"] == 2


def test_what_changes_nothing_leaves_no_trace(client: APIClient, alice: User) -> None:
    tag = tag_of(alice, "邮件")
    prompt = prompt_of(alice, title="周报", tag_ids=[tag.pk])
    before, said = client.get(address(prompt)).content, len(told())
    same = {"title": "周报", "content": prompt.content, "tag_ids": [tag.pk], "variables": prompt.variables}
    assert client.patch(address(prompt), same).content == before
    assert len(told()) == said


def test_metrics_that_are_not_named_stay(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice, clarity=10, relevance=20)
    metrics = client.patch(address(prompt), {"metrics": {"clarity": None, "creativity": 30}}).json()["data"][
        "metrics"
    ]
    assert (metrics["clarity"], metrics["relevance"], metrics["creativity"]) == (None, 20, 30)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["content"]),
        ({"content": ""}, ["content"]),
        ({"content": " \n"}, ["content"]),
        ({"content": "x" * 1_000_000}, ["content"]),
        ({"content": "x", "title": "t" * 201}, ["title"]),
        ({"content": "x", "title": "a\u202eb"}, ["title"]),
        ({"content": "x", "url": "javascript:alert(1)"}, ["url"]),
        ({"content": "x", "metrics": {"clarity": 101}}, ["metrics.clarity"]),
        ({"content": "x", "metrics": {"clarity": -1}}, ["metrics.clarity"]),
        ({"content": "x", "metrics": {"beauty": 1}}, ["metrics.beauty"]),
        ({"content": "x", "tag_ids": ["邮件"]}, ["tag_ids.0"]),
        ({"content": "x", "tag_ids": ["0" * 32] * 31}, ["tag_ids"]),
        ({"content": "x", "usage_count": 7}, ["usage_count"]),
    ],
)
def test_what_is_not_kept(client: APIClient, body: dict[str, Any], fields: list[str]) -> None:
    answer = client.post(PROMPTS, body)
    assert code(answer) == (422, "VALIDATION_FAILED")
    assert [one["field"] for one in answer.json()["data"]["details"]["fields"]] == fields
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("text", [b'"a\\u0000b"', b'"a\\ud800b"'])
def test_characters_that_cannot_be_stored(client: APIClient, text: bytes) -> None:
    answer = client.generic("POST", PROMPTS, b'{"content": ' + text + b"}", content_type="application/json")
    assert code(answer) == (400, "MALFORMED_REQUEST")


def test_a_folder_that_is_none(client: APIClient) -> None:
    assert code(client.post(PROMPTS, {"content": "x", "folder": "a/../b"})) == (422, "FOLDER_INVALID")


def test_a_tag_of_a_stranger(client: APIClient, alice: User, bob: User) -> None:
    own, strange = tag_of(alice, "邮件"), tag_of(bob, "邮件")
    answer = client.post(PROMPTS, {"content": "x", "tag_ids": [own.pk, strange.pk]})
    assert code(answer) == (422, "TAG_UNKNOWN")
    assert answer.json()["data"]["details"] == {"tag_ids": str(strange.pk)}
    prompt = prompt_of(alice)
    assert code(client.patch(address(prompt), {"tag_ids": [strange.pk]})) == (422, "TAG_UNKNOWN")
    assert not strange.prompts.exists()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "", {"title": "周报"}),
        ("delete", "", {}),
        ("post", "/favorite", {"value": True}),
        ("post", "/usage", {}),
        ("post", "/versions/1/restore", {}),
        ("put", "/labels/production", {"version": 1}),
        ("delete", "/labels/staging", {}),
    ],
)
def test_no_change_is_made_on_a_stale_reading(
    client: APIClient, alice: User, method: str, path: str, body: dict[str, Any]
) -> None:
    prompt = prompt_of(alice)
    client.put(f"{address(prompt)}/labels/staging", {"version": 1})
    etag = client.get(address(prompt)).headers["ETag"]
    client.patch(address(prompt), {"content": "写两封。"})
    now, said = client.get(address(prompt)), len(told())
    answer = getattr(client, method)(address(prompt) + path, body, headers={"If-Match": etag})
    assert code(answer) == (412, "PRECONDITION_FAILED")
    assert client.get(address(prompt)).content == now.content
    assert len(told()) == said
    fresh = getattr(client, method)(address(prompt) + path, body, headers={"If-Match": now.headers["ETag"]})
    assert fresh.status_code < 300


# -- use -----------------------------------------------------------------------------------------------------------


def test_a_favourite_is_set_or_turned(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice)
    where = f"{address(prompt)}/favorite"
    bodies = [{"value": True}, {"value": True}, {}, None, {"value": False}]
    states = [client.post(where, body).json()["data"]["is_favorite"] for body in bodies]
    assert states == [True, True, False, True, False]
    assert [details for action, details in told() if action == "favorite_prompt"] == [
        {"value": True},
        {"value": False},
        {"value": True},
        {"value": False},
    ]
    assert code(client.post(where, {"value": "yes"})) == (422, "VALIDATION_FAILED")


def test_uses_are_counted_or_set(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice)
    where = f"{address(prompt)}/usage"
    counts = [
        client.post(where, body).json()["data"]["usage_count"] for body in (None, {}, {"value": 10}, {})
    ]
    assert counts == [1, 2, 10, 11]
    prompt.refresh_from_db()
    assert prompt.last_used_at is not None
    assert code(client.post(where, {"value": -1})) == (422, "VALIDATION_FAILED")
    assert code(client.post(where, {"value": 2**31})) == (422, "VALIDATION_FAILED")


def test_a_use_that_is_told_again_counts_once(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice)
    where = f"{address(prompt)}/usage"
    first, again = (client.post(where, {}, headers={"Idempotency-Key": "use-1"}) for _ in range(2))
    assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")
    prompt.refresh_from_db()
    assert prompt.usage_count == 1


def test_use_is_no_change_of_the_prompt(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice)
    client.post(f"{address(prompt)}/usage")
    client.post(f"{address(prompt)}/favorite")
    assert Prompt.objects.get().updated_at == prompt.updated_at


# -- what it costs -------------------------------------------------------------------------------------------------


def queries_of(client: APIClient, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("path", ["", "/quick-search", "/recent", "?search=邮件&tags=a&label=production"])
def test_a_list_costs_the_same_however_long(client: APIClient, alice: User, path: str) -> None:
    tags = [tag_of(alice, name) for name in "abc"]
    counts = []
    for _ in range(2):
        for _ in range(5):
            prompt = prompt_of(alice, tag_ids=[tag.pk for tag in tags])
            client.put(f"{address(prompt)}/labels/production", {"version": 1})
        counts.append(queries_of(client, PROMPTS + path))
    # A search asks its index first.
    assert counts == ([3, 3] if "search=" in path else [1, 1])


def test_one_is_one_query(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice)
    client.put(f"{address(prompt)}/labels/production", {"version": 1})
    parts = ("", "?label=production", "/versions", "/versions/1", "/labels")
    assert [queries_of(client, address(prompt) + part) for part in parts] == [1] * len(parts)


def test_the_fast_answer_is_the_plain_one(client: APIClient, alice: User) -> None:
    tags = [tag_of(alice, name, color="#1f77b4").pk for name in ("邮件", "写作")]
    prompt = prompt_of(alice, tag_ids=tags, clarity=7)
    client.put(f"{address(prompt)}/labels/production", {"version": 1})
    plain = plain_serializer(PromptOut)(plain_queryset(PromptOut, Prompt.objects.all()).get()).data
    assert client.get(address(prompt)).json()["data"] == plain
