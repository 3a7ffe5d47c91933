"""Twenty at once: versions are numbered without gaps, labels point somewhere, a tag is made once."""

from collections import Counter
from typing import Any

from accounts.models import Activity, User
from prompts.models import Prompt, PromptLabel, Tag
from prompts.services.prompts import prompt_create
from prompts.services.tags import tag_create
from tests.support.races import Together, alice, arena, race_database, together

__all__ = ["alice", "arena", "race_database", "together"]

CROWD = 20


def test_versions_are_numbered_without_gaps(alice: User, client_for: Any, together: Together) -> None:
    prompt = prompt_create(owner_id=alice.pk, content="写一封邮件。")
    client = client_for(alice)

    def change(number: int) -> Any:
        return lambda: client.patch(f"/api/v1/prompts/{prompt.pk}", {"content": f"写第 {number} 封邮件。"})

    answers = together(*(change(number) for number in range(CROWD)))
    assert Counter(answer.status_code for answer in answers) == {200: CROWD}
    numbers = list(prompt.versions.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, CROWD + 2))
    prompt.refresh_from_db()
    assert prompt.content == prompt.versions.get(number=CROWD + 1).content


def test_of_changes_of_one_reading_one_is_made(alice: User, client_for: Any, together: Together) -> None:
    prompt = prompt_create(owner_id=alice.pk, content="写一封邮件。")
    client = client_for(alice)
    address = f"/api/v1/prompts/{prompt.pk}"
    etag = client.get(address).headers["ETag"]
    answers = together(
        *(
            lambda n=n: client.patch(address, {"content": f"第 {n} 封。"}, headers={"If-Match": etag})
            for n in range(CROWD)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CROWD - 1}
    assert prompt.versions.count() == 2


def test_a_label_is_made_once_and_points_somewhere(alice: User, client_for: Any, together: Together) -> None:
    prompt = prompt_create(owner_id=alice.pk, content="写一封邮件。")
    client = client_for(alice)
    address = f"/api/v1/prompts/{prompt.pk}"
    client.patch(address, {"content": "写两封邮件。"})
    moves = [
        lambda n=n: client.put(f"{address}/labels/production", {"version": n % 2 + 1}) for n in range(CROWD)
    ]
    answers = together(*moves)
    assert Counter(answer.status_code for answer in answers) == {200: CROWD}
    label = PromptLabel.objects.get()
    told = list(Activity.objects.filter(action="move_label").order_by("pk").values_list("details", flat=True))
    assert told[0]["from"] is None
    # Each began where the one before had ended.
    assert [one["from"] for one in told[1:]] == [one["to"] for one in told[:-1]]
    assert label.version.number == told[-1]["to"]


def test_a_tag_is_made_once(alice: User, client_for: Any, together: Together) -> None:
    client = client_for(alice)
    spellings = ("Mail", "mail", "ＭＡＩＬ", "MAIL ")
    answers = together(
        *(lambda n=n: client.post("/api/v1/tags", {"name": spellings[n % 4]}) for n in range(CROWD))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: CROWD - 1}
    assert Tag.objects.count() == 1


def test_uses_are_all_counted_and_a_repeated_one_once(
    alice: User, client_for: Any, together: Together
) -> None:
    prompt = prompt_create(owner_id=alice.pk, content="写一封邮件。")
    client = client_for(alice)
    address = f"/api/v1/prompts/{prompt.pk}/usage"

    def use(number: int) -> Any:
        key = "same" if number % 2 else f"own-{number}"
        return lambda: client.post(address, {}, headers={"Idempotency-Key": key})

    answers = together(*(use(number) for number in range(CROWD)))
    assert {answer.status_code for answer in answers} <= {200, 409}  # 409: still being answered
    again = client.post(address, {}, headers={"Idempotency-Key": "same"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Prompt.objects.get().usage_count == CROWD // 2 + 1


def test_prompts_that_are_tagged_while_the_tag_goes(alice: User, client_for: Any, together: Together) -> None:
    """Either the prompt comes first and loses the tag, or the tag is gone and the prompt is refused."""
    client = client_for(alice)
    tag = tag_create(owner_id=alice.pk, name="邮件")
    other = tag_create(owner_id=alice.pk, name="写作")

    def tagged(number: int) -> Any:
        body = {"content": f"第 {number} 封。", "tag_ids": [str(tag.pk)]}
        return lambda: client.post("/api/v1/prompts", body)

    answers = together(
        *(tagged(number) for number in range(10)),
        lambda: client.post(f"/api/v1/tags/{tag.pk}/merge", {"into": str(other.pk)}),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 422}
    made = sum(answer.status_code == 201 for answer in answers)
    assert Prompt.objects.count() == made
    assert other.prompts.count() == made
    assert not Tag.objects.filter(pk=tag.pk).exists()


def test_tags_that_are_merged_into_each_other(alice: User, client_for: Any, together: Together) -> None:
    client = client_for(alice)
    one, two = (tag_create(owner_id=alice.pk, name=name) for name in ("一", "二"))
    answers = together(
        lambda: client.post(f"/api/v1/tags/{one.pk}/merge", {"into": str(two.pk)}),
        lambda: client.post(f"/api/v1/tags/{two.pk}/merge", {"into": str(one.pk)}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 404], [200, 422])
    assert Tag.objects.count() == 1
