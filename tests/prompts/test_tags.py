"""Tags: one of each name, renamed, counted, merged."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from prompts.models import Tag
from tests.prompts.conftest import TAGS, Titles
from tests.prompts.factories import prompt_of, tag_of
from tests.prompts.test_api_prompts import code, told

pytestmark = pytest.mark.django_db


def address(tag: Tag) -> str:
    return f"{TAGS}/{tag.pk}"


def test_a_tag_is_made_changed_and_deleted(client: APIClient, alice: User) -> None:
    made = client.post(TAGS, {"name": "写作", "color": "#1f77b4"})
    assert (made.status_code, made.json()["data"]["prompt_count"]) == (201, 0)
    tag = Tag.objects.get()
    prompt = prompt_of(alice, tag_ids=[tag.pk])
    read = client.get(made.headers["Location"])
    assert read.json()["data"]["prompt_count"] == 1
    changed = client.patch(address(tag), {"name": "作文"}, headers={"If-Match": read.headers["ETag"]})
    assert (changed.json()["data"]["name"], changed.json()["data"]["color"]) == ("作文", "#1f77b4")
    stale = {"If-Match": read.headers["ETag"]}
    assert code(client.patch(address(tag), {"name": "x"}, headers=stale)) == (412, "PRECONDITION_FAILED")
    assert code(client.delete(address(tag), headers=stale)) == (412, "PRECONDITION_FAILED")
    assert client.delete(address(tag)).status_code == 204
    assert not prompt.tags.exists()
    assert [action for action, _ in told() if action.endswith("_tag")] == [
        "create_tag",
        "update_tag",
        "delete_tag",
    ]


@pytest.mark.parametrize("again", ["e-mail", "E-MAIL", "ｅ－ｍａｉｌ", " E-mail "])
def test_a_name_is_there_once_without_regard_to_case_and_width(
    client: APIClient, alice: User, bob: User, again: str
) -> None:
    tag_of(alice, "E-mail")
    other = tag_of(alice, "写作")
    tag_of(bob, "E-mail")
    assert code(client.post(TAGS, {"name": again})) == (409, "TAG_NAME_TAKEN")
    assert code(client.patch(address(other), {"name": again})) == (409, "TAG_NAME_TAKEN")
    assert Tag.objects.owned_by(alice.pk).count() == 2


def test_its_own_name_can_be_written_otherwise(client: APIClient, alice: User) -> None:
    tag = tag_of(alice, "e-mail")
    assert client.patch(address(tag), {"name": "E-Mail"}).json()["data"]["name"] == "E-Mail"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "a,b"}, "name"),
        ({"name": "读，写"}, "name"),
        ({"name": "a\u200bb"}, "name"),
        ({"name": "长" * 51}, "name"),
        ({"name": "x", "color": "red"}, "color"),
        ({"name": "x", "color": "#12345"}, "color"),
        ({"name": "x", "colour": "#123456"}, "colour"),
    ],
)
def test_tags_that_are_none(client: APIClient, body: dict[str, Any], field: str) -> None:
    answer = client.post(TAGS, body)
    assert code(answer) == (422, "VALIDATION_FAILED")
    assert [one["field"] for one in answer.json()["data"]["details"]["fields"]] == [field]


def test_the_longest_names_have_room_when_they_are_folded(client: APIClient) -> None:
    assert client.post(TAGS, {"name": "\ufdfa" * 50}).status_code == 201


def test_lists(client: APIClient, alice: User, bob: User, titles: Titles) -> None:
    tags = [tag_of(alice, name) for name in ("b", "邮件", "a")]
    tag_of(bob, "邮件")
    for title in ("一", "二"):
        prompt_of(alice, title=title, tag_ids=[tags[0].pk])
    prompt_of(alice, title="三")
    assert [row["name"] for row in client.get(TAGS).json()["data"]] == ["a", "b", "邮件"]
    assert [row["name"] for row in client.get(TAGS, {"search": "邮"}).json()["data"]] == ["邮件"]
    assert titles(f"{address(tags[0])}/prompts") == ["二", "一"]
    assert titles(f"{address(tags[1])}/prompts") == []
    with CaptureQueriesContext(connection) as queries:
        client.get(TAGS)
    assert len(queries) == 1


def test_the_prompts_of_a_strangers_tag(client: APIClient, bob: User) -> None:
    assert code(client.get(f"{address(tag_of(bob, '邮件'))}/prompts")) == (404, "NOT_FOUND")


def test_tags_are_merged(client: APIClient, alice: User) -> None:
    mail, letters = tag_of(alice, "邮件"), tag_of(alice, "信件")
    both = prompt_of(alice, tag_ids=[mail.pk, letters.pk])
    one = prompt_of(alice, tag_ids=[letters.pk])
    answer = client.post(f"{address(letters)}/merge", {"into": mail.pk})
    assert (answer.json()["data"]["name"], answer.json()["data"]["prompt_count"]) == ("邮件", 2)
    assert [list(prompt.tags.all()) for prompt in (both, one)] == [[mail], [mail]]
    assert not Tag.objects.filter(pk=letters.pk).exists()
    assert told()[-1] == ("merge_tag", {"name": "信件", "into": "邮件"})


def test_what_is_not_merged(client: APIClient, alice: User, bob: User) -> None:
    tag, strange = tag_of(alice, "邮件"), tag_of(bob, "邮件")
    stale = client.get(address(tag)).headers["ETag"]
    client.patch(address(tag), {"color": "#000000"})
    other = tag_of(alice, "信件")
    where = f"{address(tag)}/merge"
    assert code(client.post(where, {"into": tag.pk})) == (422, "TAG_MERGED_INTO_ITSELF")
    assert code(client.post(where, {"into": strange.pk})) == (422, "TAG_UNKNOWN")
    assert code(client.post(where, {"into": other.pk}, headers={"If-Match": stale})) == (
        412,
        "PRECONDITION_FAILED",
    )
    assert code(client.post(f"{address(strange)}/merge", {"into": tag.pk})) == (404, "NOT_FOUND")
    assert Tag.objects.count() == 3
