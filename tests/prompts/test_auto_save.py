"""What programs keep by themselves: once within five minutes, a hundred at most, nobody else's."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Activity, User
from prompts.domain.limits import AUTO_SAVE_SECONDS, AUTO_SAVED
from prompts.models import Prompt
from prompts.services.auto_save import prompt_auto_save
from prompts.services.prompts import prompt_update
from tests.prompts.factories import prompt_of, tag_of

pytestmark = pytest.mark.django_db
AUTO_SAVE = "/api/v1/prompts/auto-save"
SEEN = {"content": "写一封周报。\r\n三点。", "platform": "ChatGPT", "url": "https://chat.example.com/c/1"}


def saved_before(prompt: Prompt, seconds: float) -> None:
    Prompt.objects.filter(pk=prompt.pk).update(updated_at=timezone.now() - timedelta(seconds=seconds))


def test_the_same_within_five_minutes_is_the_same_prompt(alice: User, client_for: Any) -> None:
    client = client_for(alice)
    first = client.post(AUTO_SAVE, SEEN)
    assert first.status_code == 201
    made = first.json()["data"]
    assert made["is_auto_saved"] is True
    assert client.get(first.headers["Location"]).json()["data"] == made

    tag = tag_of(alice, "周报")
    again = client.post(AUTO_SAVE, {**SEEN, "response": "本周……", "tag_ids": [tag.pk]})
    assert again.status_code == 200
    changed = again.json()["data"]
    assert (changed["id"], changed["version"], changed["response"]) == (made["id"], 1, "本周……")
    assert [one["name"] for one in changed["tags"]] == ["周报"]
    actions = list(Activity.objects.filter(object_type="prompt").values_list("action", flat=True))
    assert actions == ["auto_save_prompt"] * 2


@pytest.mark.parametrize(
    "other",
    [{"content": "写一封月报。"}, {"platform": "Claude"}, {"url": "https://chat.example.com/c/2"}],
)
def test_another_text_or_place_is_another_prompt(alice: User, client_for: Any, other: dict[str, str]) -> None:
    client = client_for(alice)
    client.post(AUTO_SAVE, SEEN)
    assert client.post(AUTO_SAVE, {**SEEN, **other}).status_code == 201
    assert Prompt.objects.count() == 2


def test_after_five_minutes_it_is_another_prompt(alice: User) -> None:
    prompt, _ = prompt_auto_save(owner_id=alice.pk, **SEEN)
    saved_before(prompt, AUTO_SAVE_SECONDS - 30)
    assert prompt_auto_save(owner_id=alice.pk, **SEEN) == (prompt, False)
    saved_before(prompt, AUTO_SAVE_SECONDS + 1)
    assert prompt_auto_save(owner_id=alice.pk, **SEEN)[1]


def test_what_a_person_has_just_kept_is_not_kept_twice(alice: User) -> None:
    kept = prompt_of(alice, **SEEN)
    saved, is_new = prompt_auto_save(owner_id=alice.pk, **SEEN, response="本周……")
    assert (saved.pk, is_new, saved.is_auto_saved) == (kept.pk, False, False)


def test_it_is_each_accounts_own(alice: User, bob: User, client_for: Any) -> None:
    prompt_auto_save(owner_id=bob.pk, **SEEN)
    client = client_for(alice)
    assert client.post(AUTO_SAVE, SEEN).status_code == 201
    refused = client.post(AUTO_SAVE, {**SEEN, "tag_ids": [tag_of(bob, "周报").pk]})
    assert (refused.status_code, refused.json()["data"]["code"]) == (422, "TAG_UNKNOWN")
    assert not Prompt.objects.owned_by(alice.pk).get().tags.exists()


def test_the_oldest_beyond_a_hundred_go_but_not_what_somebody_wants(alice: User, bob: User) -> None:
    by_hand = prompt_of(alice, "我自己写的。")
    of_bob, _ = prompt_auto_save(owner_id=bob.pk, content="别人的。")
    favorite, _ = prompt_auto_save(
        owner_id=alice.pk,
        content="收藏的。",
    )
    prompt_update(prompt=favorite, is_favorite=True, action="auto_save_prompt")
    changed, _ = prompt_auto_save(owner_id=alice.pk, content="改过的。")
    prompt_update(prompt=changed, title="我改的标题")
    saved = [prompt_auto_save(owner_id=alice.pk, content=f"第 {n} 条")[0] for n in range(AUTO_SAVED + 2)]
    kept = {by_hand, of_bob, favorite, changed, *saved[2:]}
    assert set(Prompt.objects.all()) == kept


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": " \n"},
        {"content": "茶" * 50_001},
        {"content": "茶", "is_favorite": True},
        {"content": "茶", "url": "javascript:alert(1)"},
        {"content": "茶", "tag_ids": ["one"]},
        {"content": 7},
    ],
)
def test_what_is_no_prompt_is_refused(alice: User, client_for: Any, body: dict[str, Any]) -> None:
    answer = client_for(alice).post(AUTO_SAVE, body)
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("text", [r"\u0000", r"\ud83d"])
def test_what_is_no_text_is_refused(alice: User, client_for: Any, text: str) -> None:
    body = f'{{"content": "茶{text}"}}'
    answer = client_for(alice).post(AUTO_SAVE, body, content_type="application/json")
    assert (answer.status_code, answer.json()["data"]["code"]) == (400, "MALFORMED_REQUEST")


def test_a_saved_prompt_costs_the_same_queries_however_many_there_are(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def save(n: int) -> None:
        prompt_auto_save(owner_id=alice.pk, content=f"第 {n} 条")

    save(0)
    with django_assert_num_queries(11):
        save(1)
    for n in range(2, AUTO_SAVED - 1):
        save(n)
    with django_assert_num_queries(11):
        save(AUTO_SAVED)
