"""The prompts that the benchmarks of the API read: each with three tags and a label."""

from itertools import islice
from typing import Any

from accounts.models import User
from config.db import uuid7
from config.sql.writes import insert_all
from prompts.models import Prompt, PromptLabel, PromptVersion, Tag

TAGS = ("写作", "编程", "数据", "writing", "programming", "data")
CONTENT = "你是一位编辑。请用{{语言}}润色下面的文字 and keep its form：\n\n{{文字}}\n" * 6
PER_PROMPT = 3


def prompts_make(owners: list[User], per_owner: int) -> None:
    for owner in owners:
        tags = [Tag(owner=owner, name=name, key=name) for name in TAGS]
        prompts = [
            Prompt(owner=owner, title=f"润色 Polish no. {number}", folder="写作", content=CONTENT, clarity=80)
            for number in range(per_owner)
        ]
        versions = [PromptVersion(pk=uuid7(), prompt=prompt, number=1, content=CONTENT) for prompt in prompts]
        for rows in (tags, prompts, versions):
            insert_all(rows)
        insert_all([PromptLabel(prompt=one.prompt, name="production", version=one) for one in versions])
        insert_all([_link(prompt, tag) for prompt in prompts for tag in _some(tags, prompt)])


def _some(tags: list[Tag], prompt: Prompt) -> list[Tag]:
    first = int(prompt.title.rpartition(" ")[2]) % (len(tags) - PER_PROMPT)
    return list(islice(tags, first, first + PER_PROMPT))


def _link(prompt: Prompt, tag: Tag) -> Any:
    return Prompt.tags.through(prompt_id=prompt.pk, tag_id=tag.pk)
