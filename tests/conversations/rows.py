"""Rows of conversations for the guards."""

from typing import Any

from accounts.models import User
from conversations.models import Attachment, Conversation, Message, Reply
from conversations.services.retention import settings_update
from tests.support.rows import Maker, another


def conversation(n: int, owner: User) -> Conversation:
    """With a question and its answer."""
    made = Conversation.objects.create(owner=owner, title=f"茶 {n}", system_prompt="回答简短")
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


MAKERS: dict[str, Maker] = {
    "conversations.Attachment": attachment,
    "conversations.Conversation": conversation,
    "conversations.ConversationSettings": lambda n, owner: settings_update(
        owner_id=owner.pk, retention_days=9
    ),
    "conversations.Message": message,
    "conversations.Reply": lambda n, owner: conversation(n, owner).replies.get(),
}
