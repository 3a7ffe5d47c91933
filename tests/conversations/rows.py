"""Rows of conversations for the guards."""

from typing import Any

from accounts.models import User
from conversations.models import (
    Attachment,
    Conversation,
    ConversationImport,
    ConversationImportItem,
    ConversationShare,
    Message,
    Reply,
)
from conversations.services.retention import settings_update
from tests.support.rows import Maker, another


def conversation(n: int, owner: User) -> Conversation:
    """With a question and its answer."""
    data = {"parameters": {"temperature": 0.2, "reasoning": True}, "variables": {"茶馆": "云间"}}
    made = Conversation.objects.create(owner=owner, title=f"茶 {n}", system_prompt="回答简短", **data)
    made.tags.add(another("prompts.Tag", owner))
    job: Any = another("generation.Job", owner)
    question = Message.objects.create(owner=owner, conversation=made, role="user", content="绿茶怎么泡？")
    reply = Reply.objects.create(id=job.pk, conversation=made, running=0)
    made.current_message = Message.objects.create(
        id=job.pk,
        owner=owner,
        conversation=made,
        parent=question,
        reply=reply,
        role="assistant",
        content="<script>alert(1)</script>",
        parameters={"max_output_tokens": 100},
    )
    made.save()
    return made


def message(n: int, owner: User) -> Message:
    """In a conversation that the owner has already, if there is one: an address names both."""
    place = Conversation.objects.owned_by(owner.pk).first() or conversation(n, owner)
    return Message.objects.create(owner=owner, conversation=place, role="user", content=f"茶 {n} <script>")


def attachment(n: int, owner: User) -> Attachment:
    file: Any = another("generation.StoredFile", owner)
    return Attachment.objects.create(message=message(n, owner), file=file, position=n, tokens=n)


def conversation_import(n: int, owner: User) -> ConversationImport:
    job: Any = another("generation.Job", owner)
    return ConversationImport.objects.create(
        id=job.pk,
        owner=owner,
        job=job,
        file=another("generation.StoredFile", owner),
        name=f"茶 {n}.json",
        size=n,
    )


def import_item(n: int, owner: User) -> ConversationImportItem:
    return ConversationImportItem.objects.create(
        conversation_import=conversation_import(n, owner),
        position=n,
        state="refused",
        title=f"茶 {n} <script>",
        omitted={"files": 2, "tools": 1, "hidden": 1, "characters": 3},
        error={"code": "IMPORT_CYCLE", "message": "A circle.", "message_zh": "循环。"},
    )


def share(n: int, owner: User) -> ConversationShare:
    return ConversationShare.objects.create(
        owner=owner,
        conversation=conversation(n, owner),
        title=f"茶 {n} <script>",
        content=[{"role": "user", "content": "绿茶怎么泡？"}],
        message_count=1,
        token_hash=f"{n:064x}",
    )


MAKERS: dict[str, Maker] = {
    "conversations.Attachment": attachment,
    "conversations.Conversation": conversation,
    "conversations.ConversationSettings": lambda n, owner: settings_update(
        owner_id=owner.pk, retention_days=9
    ),
    "conversations.ConversationImport": conversation_import,
    "conversations.ConversationImportItem": import_item,
    "conversations.ConversationShare": share,
    "conversations.Message": message,
    "conversations.Reply": lambda n, owner: conversation(n, owner).replies.get(),
}
