"""Titles by themselves: asked for when a first answer is there, put in place unless somebody was faster."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from conversations.domain.titles import title_question
from conversations.models import Conversation, Message
from generation.jobs import services as jobs
from generation.jobs.ledger import results_forget
from generation.models import Job
from generation.providers.llm.base import ChatMessage, ChatRequest

TITLE_KIND = "conversations.title"
TITLE = "conversations.title"
"""The kind of request that the sandbox knows how to answer."""
#: Room for models that can't be kept from thinking.
_MOST_TOKENS = 600


@dataclass(frozen=True, slots=True)
class TitleJobInput:
    """Input of a job that finds a title: the answer that is there."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class FinishedTitle:
    """What a job has found; empty: nothing."""

    title: str


def title_submit(message: Message, *, is_test: bool) -> None:
    """Have a title made of an answer and its question, where the conversation has none yet. One job for each reply, by
    the model that answered; what becomes of it is none of the reply's business."""
    if message.conversation.title or not message.conversation.is_title_automatic:
        return
    jobs.job_submit(
        kind=TITLE_KIND,
        input=TitleJobInput(message.pk),
        owner_id=message.owner_id,
        idempotency_key=f"title-of-{message.reply_id}",
        is_test=is_test,
    )


def title_request(message: Message) -> ChatRequest:
    question = message.parent.content if message.parent else ""
    return ChatRequest(
        messages=(ChatMessage("user", title_question(question, message.content)),),
        max_output_tokens=_MOST_TOKENS,
        model=message.model or None,
        kind=TITLE,
        context={"question": question},
    )


def title_store(*, job: Job, found: FinishedTitle) -> dict[str, Any]:
    """Put the title in place, unless the conversation is gone or got one meanwhile. Runs inside the transaction that
    makes the job succeed. It is kept nowhere else: it goes with the texts that it was made of."""
    message_id = job.input["message_id"]
    results_forget([job.pk])
    rows = Conversation.objects.filter(messages=message_id, title="", is_title_automatic=True)
    conversation = rows.select_for_update(of=("self",), no_key=True).first() if found.title else None
    if conversation is not None:
        conversation.title = found.title
        conversation.save(update_fields=["title", "updated_at"])
    return {"message_id": message_id, "is_used": conversation is not None}
