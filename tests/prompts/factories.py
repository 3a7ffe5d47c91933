"""Prompts and tags by the doors that the product uses."""

from typing import Any

from accounts.models import User
from prompts.models import Prompt, Tag
from prompts.services.prompts import prompt_create
from prompts.services.tags import tag_create


def prompt_of(owner: User, content: str = "为{{topic}}写一封邮件。", **fields: Any) -> Prompt:
    return prompt_create(owner_id=owner.pk, content=content, **fields)


def tag_of(owner: User, name: str, **fields: Any) -> Tag:
    return tag_create(owner_id=owner.pk, name=name, **fields)
