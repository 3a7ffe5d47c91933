"""Twenty at once, as an extension sends them while somebody types: one prompt, and never more than a hundred."""

from collections import Counter
from functools import partial

from accounts.models import Activity, User
from prompts.domain.limits import AUTO_SAVED
from prompts.models import Prompt, PromptVersion
from prompts.services.auto_save import prompt_auto_save
from tests.generation.races.conftest import Together

CALLS = 20


def test_twenty_of_the_same_are_one_prompt(alice: User, together: Together) -> None:
    save = partial(prompt_auto_save, owner_id=alice.pk, content="写一封周报。", platform="ChatGPT")
    saved = together(*[partial(save, response=f"第 {n} 版") for n in range(CALLS)])
    assert Counter(is_new for _, is_new in saved) == {True: 1, False: CALLS - 1}
    assert len({prompt.pk for prompt, _ in saved}) == 1
    assert Prompt.objects.count() == PromptVersion.objects.count() == 1
    assert Activity.objects.filter(action="auto_save_prompt").count() == CALLS


def test_twenty_others_push_out_the_twenty_oldest(alice: User, together: Together) -> None:
    def save(n: int) -> Prompt:
        prompt, is_new = prompt_auto_save(owner_id=alice.pk, content=f"第 {n} 条")
        assert is_new
        return prompt

    old = [save(n) for n in range(AUTO_SAVED)]
    new = together(*[partial(save, AUTO_SAVED + n) for n in range(CALLS)])
    kept = set(Prompt.objects.values_list("pk", flat=True))
    assert kept == {prompt.pk for prompt in [*old[CALLS:], *new]}
