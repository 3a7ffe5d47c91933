"""Prompts are filled in, with what they include."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from prompts.models import Prompt
from prompts.services.labels import label_move
from prompts.services.prompts import prompt_update
from tests.prompts.conftest import PROMPTS
from tests.prompts.factories import prompt_of
from tests.prompts.test_api_prompts import address, code, told

pytestmark = pytest.mark.django_db

TONE = {"name": "tone", "type": "choice", "choices": ["正式", "亲切"], "default": "正式"}


def rendered(client: APIClient, prompt: Prompt, label: str = "", **values: Any) -> Any:
    body = {"values": values, **({"label": label} if label else {})}
    return client.post(f"{address(prompt)}/render", body)


def past_the_services(prompt: Prompt, content: str) -> None:
    prompt.content = content
    prompt.save()


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    said: str = answer.json()["data"]["text"]
    return said


# -- variables -----------------------------------------------------------------------------------------------------


def test_variables_are_declared_completed_and_filled_in(client: APIClient) -> None:
    made = client.post(
        PROMPTS,
        {
            "content": "用{{tone}}的语气为{{收件人}}写{{count}}封邮件。",
            "variables": [TONE, {"name": "count", "type": "number"}],
        },
    ).json()["data"]
    assert [(one["name"], one["type"], one["required"]) for one in made["variables"]] == [
        ("tone", "choice", False),
        ("count", "number", True),
        ("收件人", "text", True),
    ]
    prompt = Prompt.objects.get()
    assert text(rendered(client, prompt, 收件人="李雷", count=2)) == "用正式的语气为李雷写2封邮件。"
    answer = rendered(client, prompt, tone="随便", count="2", 收信人="李雷")
    assert code(answer) == (422, "VARIABLE_VALUES_INVALID")
    assert answer.json()["data"]["details"] == {
        "problems": [
            {"variable": "收信人", "problem": "unknown", "type": None},
            {"variable": "tone", "problem": "not_a_choice", "type": "choice"},
            {"variable": "收件人", "problem": "missing", "type": "text"},
            {"variable": "count", "problem": "wrong_type", "type": "number"},
        ],
        "more": 0,
    }


def test_values_are_never_rendered_again(client: APIClient, alice: User) -> None:
    prompt_of(alice, "秘密", title="secret")
    prompt = prompt_of(alice, "{{a}}{{b}}")
    assert text(rendered(client, prompt, a="{{b}}{{> secret}}", b="{{a}}")) == "{{b}}{{> secret}}{{a}}"


def test_a_text_without_variables_says_itself(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice, r"function f() { return {{}}; } \{{x}}")
    assert text(client.post(f"{address(prompt)}/render")) == "function f() { return {{}}; } {{x}}"


def test_the_version_of_a_label_is_rendered(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice, "旧{{a}}")
    prompt_update(prompt=prompt, content="新{{b}}")
    label_move(prompt=prompt, label="production", number=1)
    assert text(rendered(client, prompt, b="茶")) == "新茶"
    answer = rendered(client, prompt, label="Production", a="茶")
    assert (text(answer), answer.json()["data"]["version"]) == ("旧茶", 1)
    assert code(rendered(client, prompt, label="staging")) == (404, "LABEL_NOT_FOUND")


@pytest.mark.parametrize(
    ("variables", "fields"),
    [
        ([{}], ["variables.0.name"]),
        ([{"name": ""}], ["variables.0.name"]),
        ([{"name": "2x"}], ["variables.0.name"]),
        ([{"name": "a b"}], ["variables.0.name"]),
        ([{"name": "a\nb"}], ["variables.0.name"]),
        ([{"name": "topic", "type": "date"}], ["variables.0.type"]),
        ([{"name": "topic", "required": "yes"}], ["variables.0.required"]),
        ([{"name": "topic", "choice": []}], ["variables.0.choice"]),
        (["topic"], ["variables.0"]),
        ([{"name": "topic"}] * 51, ["variables"]),
    ],
)
def test_declarations_that_are_none(client: APIClient, variables: Any, fields: list[str]) -> None:
    answer = client.post(PROMPTS, {"content": "{{topic}}", "variables": variables})
    assert code(answer) == (422, "VALIDATION_FAILED")
    assert [one["field"] for one in answer.json()["data"]["details"]["fields"]] == fields


def test_declarations_that_the_content_contradicts(client: APIClient, alice: User) -> None:
    variables = [{"name": "topic"}, {"name": "topic"}, {"name": "tone", "type": "choice"}, {"name": "other"}]
    answer = client.post(PROMPTS, {"content": "{{topic}}{{tone}}", "variables": variables})
    assert code(answer) == (422, "VARIABLES_INVALID")
    assert answer.json()["data"]["details"]["problems"] == [
        {"variable": "topic", "problem": "declared_twice"},
        {"variable": "tone", "problem": "choices_missing"},
        {"variable": "other", "problem": "not_in_content"},
    ]
    assert not Prompt.objects.exists()


def test_with_another_content_declarations_stay_where_they_can(client: APIClient, alice: User) -> None:
    prompt = prompt_of(alice, "{{tone}}{{topic}}", variables=[TONE])
    changed = client.patch(address(prompt), {"content": "{{tone}}{{recipient}}"}).json()["data"]
    assert [(one["name"], one["type"]) for one in changed["variables"]] == [
        ("tone", "choice"),
        ("recipient", "text"),
    ]


# -- includes ------------------------------------------------------------------------------------------------------


def test_other_prompts_are_included(client: APIClient, alice: User) -> None:
    tone = prompt_of(alice, "语气：{{tone}}。", title="语气", folder="parts", variables=[TONE])
    label_move(prompt=tone, label="production", number=1)
    prompt_update(prompt=tone, content="口吻：{{tone}}。")
    prompt_of(alice, "写给{{name}}。{{> parts/语气}}", title="开头")
    prompt = prompt_of(alice, "{{> 开头}}{{topic}}{{> parts/语气@production}}")
    answer = rendered(client, prompt, name="李雷", topic="茶", tone="亲切")
    assert text(answer) == "写给李雷。口吻：亲切。茶语气：亲切。"
    assert sorted((one["title"], one["version"]) for one in answer.json()["data"]["included"]) == [
        ("开头", 1),
        ("语气", 1),
        ("语气", 2),
    ]
    # What an included prompt declares holds: the tone has a default.
    assert text(rendered(client, prompt, name="李雷", topic="茶")).endswith("茶语气：正式。")
    assert prompt.variables == [
        {"name": "topic", "type": "text", "required": True, "default": None, "choices": []}
    ]


def test_a_variable_of_an_included_prompt_can_be_declared(client: APIClient, alice: User) -> None:
    prompt_of(alice, "语气：{{tone}}。", title="语气")
    prompt = prompt_of(alice, "{{> 语气}}", variables=[{"name": "tone", "default": "轻松"}])
    assert text(rendered(client, prompt)) == "语气：轻松。"


@pytest.mark.parametrize(
    ("include", "error"),
    [
        ("没有", "INCLUDE_UNKNOWN"),
        ("bob", "INCLUDE_UNKNOWN"),
        ("folder/语气", "INCLUDE_UNKNOWN"),
        ("语气@staging", "INCLUDE_LABEL_UNKNOWN"),
        ("同名", "INCLUDE_AMBIGUOUS"),
    ],
)
def test_includes_that_are_not_found(
    client: APIClient, alice: User, bob: User, include: str, error: str
) -> None:
    prompt_of(bob, "bob's", title="bob")
    prompt_of(alice, "语气。", title="语气")
    for content in ("一", "二"):
        prompt_of(alice, content, title="同名")
    answer = client.post(PROMPTS, {"content": f"{{{{> {include}}}}}"})
    assert code(answer) == (422, error)
    assert answer.json()["data"]["details"] == {"include": include}


def test_a_prompt_does_not_include_itself(client: APIClient, alice: User) -> None:
    answer = client.post(PROMPTS, {"content": "{{> a/我}}", "title": "我", "folder": "a"})
    assert code(answer) == (422, "INCLUDE_CYCLE")
    prompt = prompt_of(alice, "文", title="我", folder="a")
    answer = client.patch(address(prompt), {"content": "{{> a/我}}"})
    assert (code(answer), answer.json()["data"]["details"]) == (
        (422, "INCLUDE_CYCLE"),
        {"path": "a/我 → a/我"},
    )


def test_three_do_not_include_each_other(client: APIClient, alice: User) -> None:
    one = prompt_of(alice, "文", title="一")
    two = prompt_of(alice, "{{> 一}}", title="二")
    prompt_of(alice, "{{> 二}}", title="三")
    answer = client.patch(address(one), {"content": "{{> 三}}"})
    assert (code(answer), answer.json()["data"]["details"]) == (
        (422, "INCLUDE_CYCLE"),
        {"path": "一 → 三 → 二 → 一"},
    )
    # They are made to all the same, past the services: rendering refuses it, too.
    past_the_services(one, "{{> 三}}")
    assert code(rendered(client, two)) == (422, "INCLUDE_CYCLE")


def test_neither_a_name_nor_a_label_closes_a_circle(client: APIClient, alice: User) -> None:
    one = prompt_of(alice, "文", title="一")
    label_move(prompt=one, label="production", number=1)
    two = prompt_of(alice, "{{> 一@production}}", title="二")
    prompt_update(prompt=one, content="别的")
    three = prompt_of(alice, "{{> 二}}", title="三")
    assert code(client.patch(address(one), {"content": "{{> 三}}"})) == (422, "INCLUDE_CYCLE")
    assert code(client.patch(address(three), {"title": "一", "content": "{{> 二}}"})) == (
        422,
        "INCLUDE_CYCLE",
    )
    # A version that was made while nothing led back.
    past_the_services(two, "文")
    prompt_update(prompt=one, content="{{> 二}}")
    past_the_services(two, "{{> 一@production}}")
    said = len(told())
    answer = client.put(f"{address(one)}/labels/production", {"version": 3})
    assert code(answer) == (422, "INCLUDE_CYCLE")
    assert len(told()) == said


def test_depth_is_bounded(client: APIClient, alice: User) -> None:
    prompt_of(alice, "底", title="0")
    for level in range(1, 6):
        deepest = prompt_of(alice, f"{{{{> {level - 1}}}}}", title=str(level))
    assert text(rendered(client, deepest)) == "底"
    assert code(client.post(PROMPTS, {"content": "{{> 5}}"})) == (422, "INCLUDE_LIMIT")
    # Also where a shorter way leads to what is already deep.
    assert code(client.post(PROMPTS, {"content": "{{> 4}}{{> 5}}"})) == (422, "INCLUDE_LIMIT")


def test_numbers_and_length_are_bounded(client: APIClient, alice: User) -> None:
    for number in range(51):
        prompt_of(alice, "文", title=f"p{number}")
    contents = ["".join(f"{{{{> p{n}}}}}" for n in range(count)) for count in (50, 51)]
    assert client.post(PROMPTS, {"content": contents[0]}).status_code == 201
    assert code(client.post(PROMPTS, {"content": contents[1]})) == (422, "INCLUDE_LIMIT")
    prompt_of(alice, "文" * 50_000, title="long")
    assert code(client.post(PROMPTS, {"content": "{{> long}}" * 5})) == (422, "RENDERED_TOO_LONG")
    short = prompt_of(alice, "{{x}}" * 1000)
    assert code(rendered(client, short, x="文" * 300)) == (422, "RENDERED_TOO_LONG")


def test_what_grows_at_each_level_costs_no_more_than_its_parts(client: APIClient, alice: User) -> None:
    """Spelled out at every place, this were 500 to the power of 5."""
    prompt_of(alice, "文", title="0")
    prompt_of(alice, "{{> 0}}" * 400, title="1")
    for level in (2, 3):
        answer = client.post(PROMPTS, {"content": f"{{{{> {level - 1}}}}}" * 400, "title": str(level)})
    assert code(answer) == (422, "RENDERED_TOO_LONG")


def test_a_prompt_that_was_included_may_go(client: APIClient, alice: User) -> None:
    part = prompt_of(alice, "文", title="部分")
    prompt = prompt_of(alice, "{{> 部分}}")
    assert client.delete(address(part)).status_code == 204
    assert code(rendered(client, prompt)) == (422, "INCLUDE_UNKNOWN")
    # Its other fields can still be changed.
    assert client.patch(address(prompt), {"response": "好"}).status_code == 200


def test_a_level_of_includes_costs_two_queries(client: APIClient, alice: User) -> None:
    for number in range(5):
        part = prompt_of(alice, "文", title=f"p{number}")
        label_move(prompt=part, label="production", number=1)
    counts = []
    for most in (0, 1, 5):
        prompt = prompt_of(alice, "文" + "".join(f"{{{{> p{n}@production}}}}" for n in range(most)))
        with CaptureQueriesContext(connection) as queries:
            rendered(client, prompt)
        counts.append(len(queries))
    assert [count - counts[0] for count in counts] == [0, 2, 2]


def test_a_program_may_save_any_text_by_itself(client: APIClient) -> None:
    assert client.post(f"{PROMPTS}/auto-save", {"content": "{{> partial}} {{name}}"}).status_code == 201
    prompt = Prompt.objects.get()
    assert [one["name"] for one in prompt.variables] == ["name"]
    assert code(rendered(client, prompt, name="茶")) == (422, "INCLUDE_UNKNOWN")
