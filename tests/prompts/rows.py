"""Rows of the prompt library for the guards."""

from typing import Any

from accounts.models import User
from prompts.models import Optimization, Prompt, PromptLabel, PromptVersion, Tag
from tests.support.rows import Maker, another


def tag(n: int, owner: User) -> Tag:
    return Tag.objects.create(owner=owner, name=f"茶 {n}")


def prompt(n: int, owner: User) -> Prompt:
    """With a version and a label, by which addresses name its parts."""
    made = Prompt.objects.create(owner=owner, title=f"茶 {n}", content="泡一壶茶")
    made.tags.add(another("prompts.Tag", owner))
    version = PromptVersion.objects.create(prompt=made, number=1, content=made.content)
    PromptLabel.objects.create(prompt=made, name="上线", version=version)
    return made


def optimization(n: int, owner: User) -> Optimization:
    """With one that was iterated from it."""
    first: Any = another("generation.Job", owner)
    second: Any = another("generation.Job", owner)
    texts = {"mode": "writing", "prompt": f"茶 {n} <script>alert(1)</script>", "optimized_prompt": "泡一壶茶"}
    root = Optimization.objects.create(
        id=first.pk, owner=owner, job=first, tree_id=first.pk, rating=4, **texts
    )
    Optimization.objects.create(
        id=second.pk, owner=owner, job=second, tree_id=root.pk, parent=root, wish="短", **texts
    )
    return root


MAKERS: dict[str, Maker] = {
    "prompts.Optimization": optimization,
    "prompts.Prompt": prompt,
    "prompts.PromptLabel": lambda n, owner: prompt(n, owner).labels.get(),
    "prompts.PromptVersion": lambda n, owner: prompt(n, owner).versions.get(),
    "prompts.Tag": tag,
}
