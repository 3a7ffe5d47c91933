"""Prompts that a program keeps while somebody works, such as an extension of a browser."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.locks import account_lock
from prompts.domain.limits import AUTO_SAVE_SECONDS, AUTO_SAVED
from prompts.models import Prompt
from prompts.models.actions import Action
from prompts.services.prompts import prompt_create, prompt_normalize, prompt_update

#: What makes two texts the same prompt.
SAME = ("content", "platform", "url")


def prompt_auto_save(*, owner_id: UUID, **fields: Any) -> tuple[Prompt, bool]:
    """Keep a prompt, or what is new of one that was changed within five minutes with the same content, platform and
    address; says whether it is new.

    Of those that only programs have kept, favourites aside, an account has 100: the oldest go. Raises what
    `prompt_create` raises.
    """
    with transaction.atomic():
        # One at a time for each account: two at the same moment would both find nothing.
        account_lock(owner_id)
        same = _same(owner_id, fields)
        if same is not None:
            changes = {name: value for name, value in fields.items() if name not in SAME}
            return prompt_update(prompt=same, action=Action.AUTO_SAVE_PROMPT, **changes), False
        prompt = prompt_create(
            owner_id=owner_id, is_auto_saved=True, action=Action.AUTO_SAVE_PROMPT, **fields
        )
        _remove_oldest(owner_id)
    return prompt, True


def _same(owner_id: UUID, fields: dict[str, Any]) -> Prompt | None:
    wanted = Prompt(**{name: fields.get(name, "") for name in SAME})
    prompt_normalize(wanted)
    since = timezone.now() - timedelta(seconds=AUTO_SAVE_SECONDS)
    prompts = Prompt.objects.owned_by(owner_id).filter(updated_at__gt=since)
    same = prompts.filter(**{name: getattr(wanted, name) for name in SAME})
    return same.select_for_update().order_by("-updated_at", "-pk").first()


def _remove_oldest(owner_id: UUID) -> None:
    saved = Prompt.objects.owned_by(owner_id).filter(is_auto_saved=True, is_favorite=False)
    too_many = saved.order_by("-created_at", "-pk").values_list("pk", flat=True)[AUTO_SAVED:]
    Prompt.objects.filter(pk__in=list(too_many)).delete()
