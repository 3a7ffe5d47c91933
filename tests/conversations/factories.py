"""Conversations by the doors that the product uses."""

from typing import Any

from accounts.models import User
from conversations.models import Conversation, Message, Reply
from conversations.services.conversations import conversation_create
from conversations.services.replies import reply_to
from generation.models import Job
from tests.generation.factories import run_until_over

CONVERSATIONS = "/api/v1/conversations"


def conversation_of(owner: User, **fields: Any) -> Conversation:
    return conversation_create(owner_id=owner.pk, **fields)


def asked(conversation: Conversation, content: str = "绿茶怎么泡？", **how: Any) -> Reply:
    """A reply that nobody has written yet."""
    return reply_to(conversation=conversation, content=content, **how)


def answered(conversation: Conversation, content: str = "绿茶怎么泡？", **how: Any) -> Message:
    """The answer to a message, written."""
    reply = asked(conversation, content, **how)
    run_reply(reply.pk)
    return reply.messages.get()


def run_reply(pk: Any) -> None:
    """Run a reply's job, and its children if it has some, until it is over."""
    job = run_until_over(Job.objects.get(pk=pk), rounds=1)
    for child in Job.objects.filter(parent=job):
        run_until_over(child)
    if not job.is_terminal and job.status != "waiting":
        run_until_over(job)
