"""Rows of the prompt library for the guards."""

from accounts.models import User
from prompts.models import Prompt, PromptLabel, PromptVersion, Tag
from tests.support.rows import Maker, another


def tag(n: int, owner: User) -> Tag:
    return Tag.objects.create(owner=owner, name=f"茶 {n}")


def prompt(n: int, owner: User) -> Prompt:
    """With a version and a label, by which addresses name its parts."""
    made = Prompt.objects.create(owner=owner, title=f"茶 {n}", content="泡一壶茶")
    made.tags.add(another("prompts.Tag", owner))
    version = PromptVersion.objects.create(prompt=made, number=1, content=made.content)
    PromptLabel.objects.create(prompt=made, name="production", version=version)
    return made


MAKERS: dict[str, Maker] = {
    "prompts.Prompt": prompt,
    "prompts.PromptLabel": lambda n, owner: prompt(n, owner).labels.get(),
    "prompts.PromptVersion": lambda n, owner: prompt(n, owner).versions.get(),
    "prompts.Tag": tag,
}
