"""Finding prompts again: filters, orders, pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from prompts.models import Prompt
from prompts.services.labels import label_move
from tests.prompts.conftest import PROMPTS, Titles
from tests.prompts.factories import prompt_of, tag_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(alice: User, bob: User) -> None:
    """Four of alice's; bob has the same."""
    for owner in (alice, bob):
        mail, writing = tag_of(owner, "E-Mail"), tag_of(owner, "写作")
        prompt_of(
            owner, title="周报", folder="work/emails", platform="ChatGPT", tag_ids=[mail.pk, writing.pk]
        )
        prompt_of(owner, title="日报", folder="work", platform="Kimi", tag_ids=[mail.pk], is_favorite=True)
        prompt_of(owner, title="诗", content="写一首诗，50% 押韵。", folder="Work", tag_ids=[writing.pk])
        prompt_of(owner, title="散文", content="写一篇散文。", folder="workshop")
    for prompt in Prompt.objects.filter(title="周报"):
        label_move(prompt=prompt, label="production", number=1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["散文", "诗", "日报", "周报"]),
        ({"search": "邮件"}, ["日报", "周报"]),
        ({"search": "诗"}, ["诗"]),
        ({"search": "%"}, ["诗"]),
        ({"search": "_"}, []),
        ({"search": "，。"}, []),
        ({"search": "。"}, ["散文", "诗", "日报", "周报"]),
        ({"folder": "work"}, ["日报", "周报"]),
        ({"folder": "/work/emails/"}, ["周报"]),
        ({"folder": "wor"}, []),
        ({"platform": "ChatGPT,Kimi"}, ["日报", "周报"]),
        ({"tags": "e-mail"}, ["日报", "周报"]),
        ({"tags": "ｅ-MAIL,写作"}, ["诗", "日报", "周报"]),
        ({"tags_all": "e-mail,写作"}, ["周报"]),
        ({"label": "Production"}, ["周报"]),
        ({"label": "staging"}, []),
        ({"is_favorite": "true"}, ["日报"]),
        ({"tags": "写作", "is_favorite": "false", "search": "写"}, ["诗", "周报"]),
        ({"sort": "title"}, ["周报", "散文", "日报", "诗"]),
        ({"sort": "created_at"}, ["周报", "日报", "诗", "散文"]),
    ],
)
def test_filters(library: None, titles: Titles, query: dict[str, str], found: list[str]) -> None:
    if query.get("sort") == "title":
        assert sorted(titles(**query)) == sorted(found)  # each database has its own order of letters
    else:
        assert titles(**query) == found


@pytest.mark.parametrize(
    "query",
    [
        *({"folder": "a/../b"}, {"folder": "/"}, {"label": "a b"}, {"is_favorite": "1"}, {"tag": "x"}),
        *({"sort": "url"}, {"tags": ",".join("abcdefghijklmnopqrstu")}),
        *({"search": " "}, {"search": "\u3000"}, {"search": "茶" * 10_000}),
    ],
)  # fmt: skip
def test_questions_that_are_none(client: APIClient, query: dict[str, str]) -> None:
    answer = client.get(PROMPTS, query)
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")


def test_by_time(library: None, titles: Titles) -> None:
    now = timezone.now()
    old = Prompt.objects.filter(title="诗")
    old.update(created_at=now - timedelta(days=9), last_used_at=now - timedelta(days=2))
    a_week_ago = (now - timedelta(days=7)).isoformat()
    assert titles(created_before=a_week_ago) == ["诗"]
    assert titles(created_from=a_week_ago) == ["散文", "日报", "周报"]
    assert titles(last_used_from=a_week_ago) == ["诗"]
    assert titles(sort="-last_used_at")[0] == "诗"


@pytest.mark.parametrize("sort", ["-created_at", "title", "-usage_count", "last_used_at"])
def test_both_ways_of_paging_show_the_same(client: APIClient, alice: User, sort: str) -> None:
    now = timezone.now()
    for number in range(7):
        prompt = prompt_of(alice, title=f"p{number % 3}", usage_count=number % 2)
        if number % 2:
            Prompt.objects.filter(pk=prompt.pk).update(last_used_at=now - timedelta(hours=number))
    every = [row["id"] for row in client.get(PROMPTS, {"sort": sort}).json()["data"]]
    paged: list[str] = []
    for page in (1, 2, 3):
        answer = client.get(PROMPTS, {"sort": sort, "limit": 3, "page": page}).json()
        assert answer["meta"]["total"] == 7
        paged += [row["id"] for row in answer["data"]]
    read: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(PROMPTS, {"sort": sort, "limit": 3, "cursor": cursor}).json()
        cursor = answer["meta"]["next_cursor"]
        read += [row["id"] for row in answer["data"]]
    assert paged == read == every


def test_quick_search_offers_what_is_handy(titles: Titles, client: APIClient, alice: User) -> None:
    used = {"often": 5, "seldom": 1, "never": 0, "favourite": 0, "favourite used": 2}
    made: dict[str, Any] = {}
    for title, count in used.items():
        made[title] = prompt_of(alice, title=title, usage_count=count, is_favorite="favourite" in title)
    prompt_of(alice, title="never, later")
    order = ["favourite used", "favourite", "often", "seldom", "never, later", "never"]
    assert titles(f"{PROMPTS}/quick-search") == order
    assert titles(f"{PROMPTS}/quick-search", search="NEVER", limit="1") == ["never, later"]
    client.patch(f"{PROMPTS}/{made['never'].pk}", {"response": "好"})
    assert titles(f"{PROMPTS}/quick-search", search="never") == ["never", "never, later"]


def test_recent_is_what_was_touched_last(titles: Titles, client: APIClient, alice: User) -> None:
    one, two, three = (prompt_of(alice, title=title) for title in ("一", "二", "三"))
    assert titles(f"{PROMPTS}/recent") == ["三", "二", "一"]
    client.post(f"{PROMPTS}/{one.pk}/usage")
    client.patch(f"{PROMPTS}/{two.pk}", {"folder": "x"})
    assert titles(f"{PROMPTS}/recent", limit="2") == ["二", "一"]
    client.post(f"{PROMPTS}/{three.pk}/favorite")
    assert titles(f"{PROMPTS}/recent")[0] == "二"
