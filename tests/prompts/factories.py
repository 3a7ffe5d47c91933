"""Prompts, tags and optimizations by the doors that the product uses."""

from typing import Any

from accounts.models import User
from generation.models import Job
from prompts.domain.modes import Mode
from prompts.domain.optimizing import Task
from prompts.models import Optimization, Prompt, PromptVersion, Tag
from prompts.services.optimizations import optimization_create
from prompts.services.prompts import prompt_create
from prompts.services.tags import tag_create
from tests.generation.factories import run_until_over


def prompt_of(owner: User, content: str = "为{{topic}}写一封邮件。", **fields: Any) -> Prompt:
    return prompt_create(owner_id=owner.pk, content=content, **fields)


def tag_of(owner: User, name: str, **fields: Any) -> Tag:
    return tag_create(owner_id=owner.pk, name=name, **fields)


def optimized(
    owner: User, prompt: str = "写一首诗", *, source: PromptVersion | None = None, **how: Any
) -> Optimization:
    """An optimization whose job is over."""
    task = Task(prompt, Mode(how.pop("mode", Mode.GENERAL)), **how)
    made = optimization_create(owner_id=owner.pk, task=task, source=source)
    return run_optimization(made.pk)


def run_optimization(pk: Any) -> Optimization:
    """Run its job and its retries, each as soon as it may."""
    run_until_over(Job.objects.get(pk=pk))
    return Optimization.objects.filter(pk=pk).select_related("job").first() or Optimization()
