"""The same file ten times at once: each of its prompts and tags is there once."""

from collections import Counter
from functools import partial

from accounts.models import User
from prompts.domain.records import PromptRecord, VersionRecord
from prompts.models import Prompt, Tag
from prompts.services.transfers import prompts_import
from tests.generation.races.conftest import Together


def test_the_same_file_ten_times_is_imported_once(alice: User, together: Together) -> None:
    records = [
        PromptRecord(place=f"prompts.{n}", versions=[VersionRecord(content=f"第 {n} 条")], tags={"茶": ""})
        for n in range(5)
    ]
    results = together(*[partial(prompts_import, owner_id=alice.pk, records=records)] * 10)
    assert Counter((one.created, one.unchanged, one.tags_created) for one in results) == {
        (5, 0, 1): 1,
        (0, 5, 0): 9,
    }
    assert (Prompt.objects.count(), Tag.objects.count()) == (5, 1)
