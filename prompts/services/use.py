"""How a prompt is used: marked as a favourite, counted. Neither changes the prompt itself."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import row_record
from prompts.models import Prompt
from prompts.models.actions import Action


def prompt_favorite(*, prompt: Prompt, value: bool | None = None) -> Prompt:
    """Mark a prompt as a favourite or not; without a value it becomes what it wasn't. `prompt` is locked."""
    value = not prompt.is_favorite if value is None else value
    if value != prompt.is_favorite:
        with transaction.atomic():
            _update(prompt, is_favorite=value)
            row_record(prompt, Action.FAVORITE_PROMPT, value=value)
    return prompt


def prompt_use(*, prompt: Prompt, value: int | None = None) -> Prompt:
    """Count a use, or set how many there were. `prompt` is locked by the caller."""
    count = prompt.usage_count + 1 if value is None else value
    now = timezone.now()
    with transaction.atomic():
        _update(prompt, usage_count=count, last_used_at=now, touched_at=now)
        row_record(prompt, Action.USE_PROMPT, count=count)
    return prompt


def _update(prompt: Prompt, **values: Any) -> None:
    """Without `updated_at`: the prompt says what it said."""
    Prompt.objects.filter(pk=prompt.pk).update(**values)
    for name, value in values.items():
        setattr(prompt, name, value)
