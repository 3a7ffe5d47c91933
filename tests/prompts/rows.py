"""Rows of the prompt library for the guards."""

from typing import Any

from accounts.models import User
from prompts.models import (
    Optimization,
    Prompt,
    PromptCase,
    PromptEvaluation,
    PromptLabel,
    PromptTrial,
    PromptVersion,
    Tag,
)
from tests.support.rows import Maker, another


def tag(n: int, owner: User) -> Tag:
    return Tag.objects.create(owner=owner, name=f"茶 {n}")


def prompt(n: int, owner: User, content: str = "泡一壶茶") -> Prompt:
    """With a version and a label, by which addresses name its parts."""
    made = Prompt.objects.create(owner=owner, title=f"茶 {n}", content=content)
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


def trial(n: int, owner: User) -> PromptTrial:
    """With its case and evaluation."""
    made = prompt(n, owner, "为{{客户}}泡一壶茶")
    job: Any = another("generation.Job", owner)
    assertions = [{"type": "contains", "value": "茶"}]
    case = PromptCase.objects.create(
        prompt=made, name=f"茶 {n}", values={"客户": "林小姐"}, assertions=assertions
    )
    evaluation = PromptEvaluation.objects.create(
        id=job.pk, owner=owner, job=job, prompt=made, original=made.versions.get(), runs=1, total=1
    )
    return PromptTrial.objects.create(
        evaluation=evaluation, case=case, job=another("generation.Job", owner), position=1, side="original",
        number=1, digest="0", text="泡一壶茶", output="<script>alert(1)</script>", assertions=assertions, passed=True,
    )  # fmt: skip


MAKERS: dict[str, Maker] = {
    "prompts.Optimization": optimization,
    "prompts.Prompt": prompt,
    "prompts.PromptCase": lambda n, owner: PromptCase.objects.get(trials=trial(n, owner)),
    "prompts.PromptEvaluation": lambda n, owner: trial(n, owner).evaluation,
    "prompts.PromptLabel": lambda n, owner: prompt(n, owner).labels.get(),
    "prompts.PromptTrial": trial,
    "prompts.PromptVersion": lambda n, owner: prompt(n, owner).versions.get(),
    "prompts.Tag": tag,
}
