"""Conversations: create, change, switch the branch, fork, delete."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.services.activities import row_record
from config.db import uuid7
from config.sql.writes import insert_all
from conversations.domain.roles import MessageStatus
from conversations.errors import MessageUnfinishedError, PromptForSystemUnknownError
from conversations.models import Attachment, Conversation, Message
from conversations.models.actions import Action
from conversations.selectors import attachments_of, branch_of
from conversations.services.attachments import attachments_copied
from conversations.services.messages import latest_below, message_of, messages_erase
from prompts.models import Prompt
from prompts.selectors import prompt_render_for
from prompts.services.tags import tags_of_owner

#: What a fork takes over of a message.
COPIED = (
    "role", "status", "content", "reasoning", "model", "parameters", "context", "provider", "answered_by",
    "finish_reason", "input_tokens", "output_tokens", "reasoning_tokens", "milliseconds", "first_token_ms", "error",
    "purged_at",
)  # fmt: skip
#: What a fork takes over of a conversation.
KEPT = (
    "model", "parameters", "system_prompt", "prompt_version_id", "variables",
    "context_messages", "is_temporary", "retention_days",
)  # fmt: skip


def conversation_create(
    *,
    owner_id: UUID,
    prompt: Mapping[str, Any] | None = None,
    tag_ids: Sequence[UUID] = (),
    **fields: Any,
) -> Conversation:
    """`prompt` names a prompt of the library whose rendered text becomes the system prompt .

    Raises `TagUnknownError` and what `_take_prompt` raises.
    """
    conversation = Conversation(owner_id=owner_id, **fields)
    conversation.is_title_automatic = not conversation.title
    with transaction.atomic():
        if prompt is not None:
            _take_prompt(conversation, prompt)
        tags = tags_of_owner(owner_id, tag_ids)
        conversation.save(force_insert=True)
        conversation.tags.set(tags)
        row_record(conversation, Action.CREATE_CONVERSATION)
    return conversation


def conversation_update(
    *,
    conversation: Conversation,
    prompt: Mapping[str, Any] | None = None,
    tag_ids: Sequence[UUID] | None = None,
    current_message_id: UUID | None = None,
    **changes: Any,
) -> Conversation:
    """What is as it was isn't a change. `current_message_id` shows the branch that goes through that message, to its
    latest end. `conversation` is locked by the caller.

    Raises `MessageUnknownError`, `TagUnknownError` and what `_take_prompt` raises.
    """
    before = {name: getattr(conversation, name) for name in changes}
    for name, value in changes.items():
        setattr(conversation, name, value)
    changed = {name for name in changes if getattr(conversation, name) != before[name]}
    with transaction.atomic():
        if "title" in changed:
            conversation.is_title_automatic = not conversation.title
        if prompt is not None:
            _take_prompt(conversation, prompt)
            changed.add("system_prompt")
        elif "system_prompt" in changed:
            conversation.prompt_version, conversation.variables = None, {}
        if current_message_id is not None:
            message = latest_below(message_of(conversation, current_message_id))
            if message.pk != conversation.current_message_id:
                conversation.current_message = message
                changed.add("current_message_id")
        if tag_ids is not None:
            tags = tags_of_owner(conversation.owner_id, tag_ids)
            if set(tags) != set(conversation.tags.all()):
                conversation.tags.set(tags)
                changed.add("tag_ids")
        if changed:
            conversation.save(force_update=True)
            row_record(conversation, Action.UPDATE_CONVERSATION, fields=sorted(changed))
    return conversation


def conversation_fork(*, conversation: Conversation, message_id: UUID, title: str = "") -> Conversation:
    """A conversation of its own that begins with the messages up to this one, and costs nothing.

    Raises `MessageUnknownError`, `MessageUnfinishedError`.
    """
    until = message_of(conversation, message_id)
    if until.status == MessageStatus.STREAMING:
        raise MessageUnfinishedError(message_id=message_id)
    fork = Conversation(
        owner_id=conversation.owner_id,
        title=title or conversation.title,
        is_title_automatic=not title and conversation.is_title_automatic,
        forked_from=until,
        **{name: getattr(conversation, name) for name in KEPT},
    )
    branch = branch_of(until)
    with transaction.atomic():
        fork.save(force_insert=True)
        fork.tags.set(conversation.tags.all())
        copies: list[Message] = []
        for message in branch:
            copies.append(
                Message(
                    pk=uuid7(),
                    owner_id=fork.owner_id,
                    conversation_id=fork.pk,
                    parent_id=copies[-1].pk if copies else None,
                    **{name: getattr(message, name) for name in COPIED},
                )
            )
        insert_all(copies)
        attached = attachments_of(branch)
        Attachment.objects.bulk_create(
            one
            for message, copy in zip(branch, copies, strict=True)
            for one in attachments_copied(attached.get(message.pk, ()), copy)
        )
        fork.current_message = copies[-1]
        fork.save(update_fields=["current_message", "updated_at"])
        row_record(fork, Action.FORK_CONVERSATION, messages=len(copies))
    return fork


def conversation_delete(*, conversation: Conversation) -> None:
    """Delete a conversation with its messages; what is being written there stops. `conversation` is locked by the
    caller."""
    with transaction.atomic():
        row_record(conversation, Action.DELETE_CONVERSATION)
        conversation_erase(conversation)


def conversation_erase(conversation: Conversation) -> None:
    """Without a word about it. Call it in a transaction that has locked the row."""
    messages_erase(conversation)
    conversation.delete()


def _take_prompt(conversation: Conversation, named: Mapping[str, Any]) -> None:
    """Fill in a prompt of the library, as it is now, as the system prompt.

    Raises `PromptForSystemUnknownError`, `VariableValuesInvalidError`, and what `prompt_render_for` raises.
    """
    prompt = Prompt.objects.owned_by(conversation.owner_id).filter(pk=named["prompt_id"]).first()
    if prompt is None:
        raise PromptForSystemUnknownError(prompt_id=named["prompt_id"])
    values = named.get("variables", {})
    rendered = prompt_render_for(
        conversation.owner_id,
        prompt,
        values,
        label=named.get("label", ""),
        version=named.get("version"),
    )
    conversation.system_prompt = rendered.text
    conversation.prompt_version = prompt.versions.get(number=rendered.version)
    conversation.variables = dict(values)
