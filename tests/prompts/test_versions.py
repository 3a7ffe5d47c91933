"""Versions are kept, read, compared and restored; labels point at them."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from prompts.models import Prompt, PromptLabel, PromptVersion
from prompts.services.labels import label_move
from prompts.services.prompts import prompt_update
from tests.prompts.factories import prompt_of
from tests.prompts.test_api_prompts import address, code, told

pytestmark = pytest.mark.django_db

TEXTS = ("为{{topic}}写一封邮件。", "为{{topic}}写一封长邮件。", "用{{language}}为{{topic}}写一封长邮件。")


@pytest.fixture
def prompt(alice: User) -> Prompt:
    """With three versions."""
    made = prompt_of(alice, TEXTS[0])
    for text in TEXTS[1:]:
        prompt_update(prompt=made, content=text)
    return made


# -- versions ------------------------------------------------------------------------------------------------------


def test_versions_are_listed_and_read(client: APIClient, prompt: Prompt) -> None:
    rows = client.get(f"{address(prompt)}/versions").json()["data"]
    assert [row["number"] for row in rows] == [3, 2, 1]
    assert "content" not in rows[0]
    read = client.get(f"{address(prompt)}/versions/1")
    assert read.json()["data"]["content"] == TEXTS[0]
    assert (
        client.get(
            f"{address(prompt)}/versions/1", headers={"If-None-Match": read.headers["ETag"]}
        ).status_code
        == 304
    )
    for number in ("0", "4", "9" * 30):
        assert code(client.get(f"{address(prompt)}/versions/{number}")) == (404, "NOT_FOUND")


def test_a_version_keeps_its_variables(client: APIClient, prompt: Prompt) -> None:
    client.patch(address(prompt), {"variables": [{"name": "topic", "default": "周报"}, {"name": "language"}]})
    client.patch(address(prompt), {"content": "写一封邮件。"})
    assert client.get(address(prompt)).json()["data"]["variables"] == []
    kept = client.get(f"{address(prompt)}/versions/4").json()["data"]["variables"]
    assert [(one["name"], one["default"]) for one in kept] == [("topic", "周报"), ("language", None)]


def test_an_earlier_version_is_restored_as_a_new_one(client: APIClient, prompt: Prompt) -> None:
    client.patch(address(prompt), {"variables": [{"name": "topic", "default": "周报"}, {"name": "language"}]})
    restored = client.post(f"{address(prompt)}/versions/1/restore").json()["data"]
    assert (restored["version"], restored["content"]) == (5, TEXTS[0])
    assert restored["variables"] == client.get(f"{address(prompt)}/versions/1").json()["data"]["variables"]
    newest = client.get(f"{address(prompt)}/versions").json()["data"][0]
    assert (newest["number"], newest["restored_from"]) == (5, 1)
    assert told()[-1] == ("restore_prompt", {"version": 5, "restored_from": 1})

    said = len(told())
    assert client.post(f"{address(prompt)}/versions/5/restore").json()["data"]["version"] == 5
    assert len(told()) == said
    assert code(client.post(f"{address(prompt)}/versions/6/restore")) == (422, "PROMPT_VERSION_UNKNOWN")


@pytest.mark.parametrize(
    ("query", "pair", "told"),
    [
        ({"by": "word"}, (2, 3), "[+用{{language}}+]为{{topic}}写一封长邮件。"),
        ({"by": "word", "to_version": "2"}, (1, 2), "为{{topic}}写一封[+长+]邮件。"),
        ({"by": "word", "from_version": "2", "to_version": "1"}, (2, 1), "为{{topic}}写一封[-长-]邮件。"),
        ({"from_version": "1", "to_version": "1"}, (1, 1), TEXTS[0]),
        ({"to_version": "2"}, (1, 2), f"[-{TEXTS[0]}-][+{TEXTS[1]}+]"),
    ],
)
def test_versions_are_compared(
    client: APIClient, prompt: Prompt, query: dict[str, str], pair: tuple[int, int], told: str
) -> None:
    found = client.get(f"{address(prompt)}/diff", query).json()["data"]
    marks = {"equal": "{}", "delete": "[-{}-]", "insert": "[+{}+]"}
    assert (found["from_version"], found["to_version"]) == pair
    assert "".join(marks[part["op"]].format(part["text"]) for part in found["parts"]) == told


def test_a_comparison_tells_what_variables_differ(client: APIClient, prompt: Prompt) -> None:
    variables = client.get(f"{address(prompt)}/diff?from_version=1").json()["data"]["variables"]
    assert variables == {"added": ["language"], "removed": [], "changed": []}


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"from_version": "9"}, (422, "PROMPT_VERSION_UNKNOWN")),
        ({"to_version": "0"}, (422, "VALIDATION_FAILED")),
        ({"by": "letter"}, (422, "VALIDATION_FAILED")),
    ],
)
def test_what_cannot_be_compared(
    client: APIClient, prompt: Prompt, query: dict[str, str], answer: tuple[int, str]
) -> None:
    assert code(client.get(f"{address(prompt)}/diff", query)) == answer


def test_a_prompt_goes_with_its_versions_and_labels(client: APIClient, prompt: Prompt) -> None:
    label_move(prompt=prompt, label="production", number=1)
    client.delete(address(prompt))
    assert not PromptVersion.objects.exists()
    assert not PromptLabel.objects.exists()


# -- labels --------------------------------------------------------------------------------------------------------


def test_labels_are_moved_and_removed(client: APIClient, prompt: Prompt) -> None:
    labels = f"{address(prompt)}/labels"
    assert client.put(f"{labels}/production", {"version": 1}).json()["data"]["labels"] == [
        {"name": "production", "version": 1}
    ]
    client.put(f"{labels}/上线", {"version": 3})
    client.put(f"{labels}/PRODUCTION", {"version": 2})
    client.put(f"{labels}/production", {"version": 2})
    listed = client.get(labels).json()["data"]
    assert [(one["name"], one["version"]) for one in listed] == [("production", 2), ("上线", 3)]
    assert client.delete(f"{labels}/production").json()["data"]["labels"] == [{"name": "上线", "version": 3}]
    assert code(client.delete(f"{labels}/production")) == (404, "LABEL_NOT_FOUND")
    assert told()[-4:] == [
        ("move_label", {"label": "production", "from": None, "to": 1}),
        ("move_label", {"label": "上线", "from": None, "to": 3}),
        ("move_label", {"label": "production", "from": 1, "to": 2}),
        ("remove_label", {"label": "production", "from": 2}),
    ]


@pytest.mark.parametrize(
    ("label", "body", "answer"),
    [
        ("production", {"version": 9}, (422, "PROMPT_VERSION_UNKNOWN")),
        ("production", {}, (422, "VALIDATION_FAILED")),
        ("production", {"version": 0}, (422, "VALIDATION_FAILED")),
        ("a b", {"version": 1}, (422, "LABEL_INVALID")),
        ("长" * 41, {"version": 1}, (422, "LABEL_INVALID")),
        ("a%00b", {"version": 1}, (422, "LABEL_INVALID")),
    ],
)
def test_labels_that_are_none(
    client: APIClient, prompt: Prompt, label: str, body: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert code(client.put(f"{address(prompt)}/labels/{label}", body)) == answer
    assert not PromptLabel.objects.exists()


def test_a_prompt_has_so_many_labels(client: APIClient, prompt: Prompt) -> None:
    for number in range(30):
        label_move(prompt=prompt, label=f"l{number}", number=1)
    assert code(client.put(f"{address(prompt)}/labels/one-more", {"version": 1})) == (422, "LABEL_LIMIT")
    assert client.put(f"{address(prompt)}/labels/l7", {"version": 2}).status_code == 200


def test_what_a_label_points_at_is_revalidated_cheaply(client: APIClient, prompt: Prompt) -> None:
    label_move(prompt=prompt, label="production", number=2)
    wanted = f"{address(prompt)}?label=Production"
    read = client.get(wanted)
    said = read.json()["data"]
    assert (said["id"], said["label"], said["version"]) == (str(prompt.pk), "production", 2)
    assert said["content"] == TEXTS[1]
    assert [one["name"] for one in said["variables"]] == ["topic"]
    known = {"If-None-Match": read.headers["ETag"]}

    # Neither use nor a newer version is another answer.
    client.post(f"{address(prompt)}/usage")
    client.post(f"{address(prompt)}/favorite")
    client.patch(address(prompt), {"content": "写一封邮件。"})
    answer = client.get(wanted, headers=known)
    assert (answer.status_code, answer.content) == (304, b"")

    label_move(prompt=prompt, label="production", number=1)
    assert client.get(wanted, headers=known).json()["data"]["content"] == TEXTS[0]
    client.delete(f"{address(prompt)}/labels/production")
    assert code(client.get(wanted, headers=known)) == (404, "LABEL_NOT_FOUND")


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("staging", (404, "LABEL_NOT_FOUND")),
        ("a b", (422, "LABEL_INVALID")),
        ("", (422, "VALIDATION_FAILED")),
        ("x" * 41, (422, "VALIDATION_FAILED")),
    ],
)
def test_a_label_that_does_not_exist(
    client: APIClient, prompt: Prompt, label: str, answer: tuple[int, str]
) -> None:
    assert code(client.get(address(prompt), {"label": label})) == answer


def test_a_strangers_label_is_not_found(client_for: Any, bob: User, prompt: Prompt) -> None:
    label_move(prompt=prompt, label="production", number=1)
    assert code(client_for(bob).get(f"{address(prompt)}?label=production")) == (404, "NOT_FOUND")
