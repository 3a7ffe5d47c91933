"""One act on many prompts: a result for each, nothing of a stranger's, so many queries however many there are."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Activity, User
from prompts.domain.batches import LARGEST_BATCH, BatchAction
from prompts.domain.limits import TAGS
from prompts.models import Prompt
from prompts.selectors import prompt_render_for
from prompts.services.auto_save import prompt_auto_save
from prompts.services.batches import prompts_batch
from prompts.services.prompts import prompt_delete
from tests.prompts.factories import prompt_of, tag_of

pytestmark = pytest.mark.django_db
BATCH = "/api/v1/prompts/batch"


def names_of(prompt: Prompt) -> list[str]:
    return sorted(prompt.tags.values_list("name", flat=True))


def test_each_action_does_what_it_says(alice: User, client_for: Any) -> None:
    client = client_for(alice)
    prompts = [prompt_of(alice, f"第 {n} 条") for n in range(3)]
    ids = [prompt.pk for prompt in prompts]
    tea, work = tag_of(alice, "茶"), tag_of(alice, "工作")

    def act(action: str, **what: Any) -> None:
        answer = client.post(BATCH, {"action": action, "ids": ids, **what})
        assert answer.status_code == 200
        data = answer.json()["data"]
        assert (data["succeeded"], data["failed"]) == (3, 0)
        assert data["results"] == [
            {"id": str(key), "is_done": True, "code": None, "message": None} for key in ids
        ]

    act("tag", tag_ids=[tea.pk, work.pk])
    assert [names_of(prompt) for prompt in prompts] == [["工作", "茶"]] * 3
    act("tag", tag_ids=[tea.pk])
    act("untag", tag_ids=[work.pk])
    assert [names_of(prompt) for prompt in prompts] == [["茶"]] * 3
    act("move", folder=" work//emails ")
    act("favorite", value=True)
    assert Prompt.objects.filter(folder="work/emails", is_favorite=True).count() == 3
    act("favorite", value=False)
    act("move", folder="")
    assert Prompt.objects.filter(folder="", is_favorite=False).count() == 3
    act("delete")
    assert not Prompt.objects.exists()
    operations = Counter(
        one.details["operation"] for one in Activity.objects.filter(action="batch_prompts").all()
    )
    assert operations == {"tag": 2, "untag": 1, "move": 2, "favorite": 2, "delete": 1}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_item_that_cannot_be_done_leaves_the_others_alone(
    alice: User, bob: User, client_for: Any, language: str
) -> None:
    full, fine, of_bob = prompt_of(alice, "满了"), prompt_of(alice, "好的"), prompt_of(bob, "别人的")
    full.tags.set([tag_of(alice, f"标签 {n}") for n in range(TAGS)])
    body = {
        "action": "tag",
        "ids": [full.pk, fine.pk, of_bob.pk, fine.pk, gone := uuid4()],
        "tag_ids": [tag_of(alice, "茶").pk],
    }
    data = client_for(alice).post(BATCH, body, headers={"Accept-Language": language}).json()["data"]
    assert [(one["id"], one["code"]) for one in data["results"]] == [
        (str(full.pk), "PROMPT_TAGS_FULL"),
        (str(fine.pk), None),
        (str(of_bob.pk), "NOT_FOUND"),
        (str(fine.pk), "PROMPT_REPEATED"),
        (str(gone), "NOT_FOUND"),
    ]
    assert (data["succeeded"], data["failed"]) == (1, 4)
    messages = [one["message"] for one in data["results"] if one["message"]]
    assert all(("。" in message) == (language == "zh") for message in messages)
    assert names_of(fine) == ["茶"]
    assert names_of(of_bob) == []
    assert full.tags.count() == TAGS


@pytest.mark.parametrize("action", ["tag", "untag"])
def test_a_strangers_tag_changes_nothing(alice: User, bob: User, client_for: Any, action: str) -> None:
    prompt, own, of_bob = prompt_of(alice), tag_of(alice, "茶"), tag_of(bob, "茶")
    body = {"action": action, "ids": [prompt.pk], "tag_ids": [own.pk, of_bob.pk]}
    answer = client_for(alice).post(BATCH, body)
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "TAG_UNKNOWN")
    assert str(of_bob.pk) in answer.json()["data"]["message"]
    assert str(own.pk) not in answer.json()["data"]["message"]
    assert names_of(prompt) == []
    assert not Activity.objects.filter(action="batch_prompts").exists()


def test_a_folder_that_is_none_changes_nothing(alice: User, client_for: Any) -> None:
    prompt = prompt_of(alice, folder="work")
    answer = client_for(alice).post(BATCH, {"action": "move", "ids": [prompt.pk], "folder": "a/../b"})
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "FOLDER_INVALID")
    assert Prompt.objects.get().folder == "work"


def moved(owner: User, *prompts: Prompt, folder: str = "work") -> list[str]:
    """What became of each: `moved`, or the code of what kept it where it was."""
    ids = [prompt.pk for prompt in prompts]
    results = prompts_batch(owner_id=owner.pk, action=BatchAction.MOVE, prompt_ids=ids, folder=folder)
    told = []
    for prompt, result in zip(prompts, results, strict=True):
        before = (prompt.folder, prompt.updated_at)
        prompt.refresh_from_db()
        is_moved = prompt.folder == folder
        assert is_moved == (result.error is None)
        assert is_moved or (prompt.folder, prompt.updated_at) == before
        told.append("moved" if result.error is None else result.error.code)
    return told


def test_what_would_include_itself_stays_where_it_is(alice: User) -> None:
    target = prompt_of(alice, "此致", title="信", folder="work")
    letter = prompt_of(alice, "{{> work/信}}", title="信")
    other = prompt_of(alice, "你好")
    prompt_delete(prompt=target)
    assert moved(alice, letter, other) == ["INCLUDE_CYCLE", "moved"]


def test_what_would_include_itself_by_another_stays_where_it_is(alice: User) -> None:
    """`work/信` is missing, so that 签名 is broken; 信 would be what it misses."""
    target = prompt_of(alice, "此致", title="信", folder="work")
    prompt_of(alice, "{{> work/信}}", title="签名")
    letter = prompt_of(alice, "{{> 签名}}", title="信")
    prompt_delete(prompt=target)
    assert moved(alice, letter) == ["INCLUDE_CYCLE"]


def test_includes_are_looked_for_where_all_have_moved_to(alice: User) -> None:
    """In whatever order they stand: what comes along is found, what has left isn't."""
    signature = prompt_of(alice, "此致", title="签名", folder="work")
    greeting = prompt_of(alice, "{{> work/签名}}", title="问候", folder="work")
    letter = prompt_of(alice, "{{> work/问候}}", title="信", folder="work")
    assert moved(alice, letter, signature, greeting, folder="old") == [
        "INCLUDE_UNKNOWN",
        "moved",
        "INCLUDE_UNKNOWN",
    ]
    Prompt.objects.update(folder="old")
    for prompt in (signature, greeting, letter):
        prompt.refresh_from_db()
    assert moved(alice, letter, greeting, signature) == ["moved"] * 3
    prompt_render_for(alice.pk, letter, {})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "delete"}, "ids"),
        ({"action": "delete", "ids": []}, "ids"),
        ({"action": "delete", "ids": [str(uuid4())] * (LARGEST_BATCH + 1)}, "ids"),
        ({"action": "delete", "ids": ["one"]}, "ids.0"),
        ({"action": "delete", "ids": str(uuid4())}, "ids"),
        ({"action": "burn", "ids": [str(uuid4())]}, "action"),
        ({"action": "tag", "ids": [str(uuid4())]}, "tag_ids"),
        ({"action": "tag", "ids": [str(uuid4())], "tag_ids": []}, "tag_ids"),
        ({"action": "move", "ids": [str(uuid4())]}, "folder"),
        ({"action": "favorite", "ids": [str(uuid4())]}, "value"),
        ({"action": "favorite", "ids": [str(uuid4())], "value": "yes"}, "value"),
        ({"action": "delete", "ids": [str(uuid4())], "folder": "work"}, "folder"),
        ({"action": "move", "ids": [str(uuid4())], "folder": "a", "value": True}, "value"),
    ],
)
def test_what_is_no_batch_is_refused(alice: User, client_for: Any, body: dict[str, Any], field: str) -> None:
    answer = client_for(alice).post(BATCH, body)
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")
    assert [one["field"] for one in answer.json()["data"]["details"]["fields"]] == [field]


def test_the_largest_batch_is_done(alice: User) -> None:
    prompts = [prompt_of(alice, f"第 {n} 条") for n in range(3)]
    missing = [uuid4() for _ in range(LARGEST_BATCH - 3)]
    results = prompts_batch(
        owner_id=alice.pk, action=BatchAction.DELETE, prompt_ids=[*missing, *(one.pk for one in prompts)]
    )
    assert Counter(result.error is None for result in results) == {True: 3, False: LARGEST_BATCH - 3}


def test_what_a_person_sorts_is_no_longer_saved_by_itself(alice: User) -> None:
    moved, marked = (prompt_auto_save(owner_id=alice.pk, content=f"第 {n} 条")[0] for n in range(2))
    prompts_batch(owner_id=alice.pk, action=BatchAction.MOVE, prompt_ids=[moved.pk], folder="work")
    prompts_batch(owner_id=alice.pk, action=BatchAction.FAVORITE, prompt_ids=[marked.pk], value=True)
    assert set(Prompt.objects.filter(is_auto_saved=True)) == {marked}


@pytest.mark.parametrize("action", list(BatchAction))
def test_it_takes_the_same_queries_however_many_there_are(alice: User, action: BatchAction) -> None:
    tag = tag_of(alice, "茶")
    what: dict[str, Any] = {
        BatchAction.TAG: {"tag_ids": [tag.pk]},
        BatchAction.UNTAG: {"tag_ids": [tag.pk]},
        BatchAction.MOVE: {"folder": "work"},
        BatchAction.FAVORITE: {"value": True},
        BatchAction.DELETE: {},
    }[action]

    def queries(number: int) -> int:
        prompts = [prompt_of(alice, f"第 {n} 条") for n in range(number)]
        if action == BatchAction.UNTAG:
            for prompt in prompts:
                prompt.tags.add(tag)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            prompts_batch(owner_id=alice.pk, action=action, prompt_ids=[one.pk for one in prompts], **what)
        return len(captured)

    assert queries(2) == queries(30) <= 20
