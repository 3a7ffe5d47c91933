"""Replies: ask for one, write it down, end it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, PositiveIntegerField, QuerySet, Sum, TextField, UUIDField
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.services.activities import row_record
from config.db import savepoint
from config.sql.placeholders import Placeholder
from config.sql.statements import Update
from conversations.domain.roles import MessageStatus, Role
from conversations.errors import (
    MessageGoneError,
    MessageNotYoursError,
    NothingToAnswerError,
    ReplyRunningError,
)
from conversations.models import Attachment, Conversation, Message, Reply
from conversations.models.actions import Action
from conversations.selectors import attachments_of, branch_of
from conversations.services.messages import message_new, message_of, message_put
from conversations.services.requests import Asked, Attachments, reply_asked, reply_quote
from conversations.services.titles import title_submit
from generation.domain.states import JobStatus
from generation.jobs import services as jobs
from generation.jobs.ledger import charged, results_forget
from generation.jobs.registry import NoInput
from generation.models import Job, ProviderCall
from generation.services.quotes import Quote

REPLY_KIND = "conversations.reply"
COMPARISON_KIND = "conversations.comparison"
#: What a message tells of all calls that its job made.
PAID = ("input_tokens", "output_tokens", "reasoning_tokens", "cost_micros")


@dataclass(frozen=True, slots=True)
class ReplyJobInput:
    """Input of a job that writes a reply. What it answers stands in its message, which has the job's id."""

    model: str = ""


@dataclass(frozen=True, slots=True)
class FinishedReply:
    """What a job has written, with everything that is kept about it."""

    content: str
    reasoning: str
    provider: str
    answered_by: str
    finish_reason: str
    milliseconds: int | None
    first_token_ms: int | None
    context: dict[str, Any]


def reply_to(
    *,
    conversation: Conversation,
    content: str,
    attachments: Sequence[Attachment] = (),
    is_test: bool = False,
    **asked: Any,
) -> Reply:
    """Put a message of the user into the conversation and have it answered (`reply_create`).

    `parent_id` says what it follows: the current message if it isn't named, None for the beginning of another branch.
    """
    place = {"parent_id": asked.pop("parent_id")} if "parent_id" in asked else {}
    with transaction.atomic():
        question = message_put(
            conversation=conversation, role=Role.USER, content=content, attachments=attachments, **place
        )
        return reply_create(conversation=conversation, question=question, is_test=is_test, **asked)


def reply_edited(
    *,
    conversation: Conversation,
    message_id: UUID,
    content: str,
    attachments: Sequence[Attachment] | None = None,
    is_test: bool = False,
    **asked: Any,
) -> Reply:
    """Say something else instead of a message of the user: another branch, which begins beside it. With the same
    `attachments`, if none are named.

    Raises `MessageUnknownError`, `MessageNotYoursError` and what `reply_create` raises.
    """
    message = message_of(conversation, message_id)
    if message.role != Role.USER:
        raise MessageNotYoursError
    if attachments is None:
        attachments = attachments_of([message]).get(message.pk, ())
    return reply_to(
        conversation=conversation,
        content=content,
        attachments=attachments,
        parent_id=message.parent_id,
        is_test=is_test,
        **asked,
    )


def reply_again(
    *, conversation: Conversation, message_id: UUID, is_test: bool = False, **asked: Any
) -> Reply:
    """Have a message of the user answered once more, or an answer made anew beside the one that is there.

    Raises `MessageUnknownError`, `NothingToAnswerError` and what `reply_create` raises.
    """
    message = message_of(conversation, message_id)
    if message.role == Role.ASSISTANT and message.parent_id is not None:
        message = message_of(conversation, message.parent_id)
    return reply_create(conversation=conversation, question=message, is_test=is_test, **asked)


def reply_create(
    *,
    conversation: Conversation,
    question: Message,
    models: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    is_test: bool = False,
) -> Reply:
    """Have a message answered by a model, or by several side by side; workers hear of it when the transaction commits.

    `parameters` are for this reply; what isn't named is as the conversation has it. `conversation` is locked by the
    caller. Raises `ReplyRunningError`, `NothingToAnswerError`, what `reply_asked` raises, and `BudgetExceededError`
    when what is left can't pay for it however cheap it gets.
    """
    if question.role != Role.USER or not question.content.strip():
        raise NothingToAnswerError
    names = tuple(models) or (conversation.model,)
    settings = {**conversation.parameters, **(parameters or {})}
    branch = branch_of(question)
    asked = _asked(conversation, branch, attachments_of(branch), names, settings, is_test=is_test)
    quotes = [reply_quote(one) for one in asked]
    for quote in quotes:
        quote.check()
    is_test = all(quote.is_test for quote in quotes)
    with transaction.atomic():
        reply, ids = _submit(conversation, names, is_test=is_test)
        for pk, name, one in zip(ids, names, asked, strict=True):
            message = Message(
                id=pk,
                owner_id=conversation.owner_id,
                conversation=conversation,
                parent=question,
                reply=reply,
                role=Role.ASSISTANT,
                status=MessageStatus.STREAMING,
                model=name,
                parameters=settings,
                context=one.context.record(),
            )
            message.save(force_insert=True)
        conversation.current_message_id = ids[0]
        conversation.last_message_at = timezone.now()
        conversation.save(update_fields=["current_message", "last_message_at", "updated_at"])
        details = {"models": [name for name in names if name], "is_test": is_test}
        row_record(conversation, Action.ASK_REPLY, message_id=str(ids[0]), **details)
    return reply


def reply_estimate(
    *,
    conversation: Conversation,
    content: str,
    attachments: Sequence[Attachment] = (),
    models: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    is_test: bool = False,
    **place: Any,
) -> tuple[Quote, list[Asked]]:
    """What `reply_to` would cost, by all models together, and what would go along. Nothing is made. Raises what it
    raises, but for the budget and a reply that is being written."""
    question = message_new(conversation=conversation, role=Role.USER, content=content, **place)
    earlier = branch_of(question.parent) if question.parent else []
    attached: dict[UUID, Sequence[Attachment]] = {**attachments_of(earlier), question.pk: attachments}
    settings = {**conversation.parameters, **(parameters or {})}
    names = tuple(models) or (conversation.model,)
    asked = _asked(conversation, [*earlier, question], attached, names, settings, is_test=is_test)
    quotes = [reply_quote(one) for one in asked]
    whole = Quote(
        conversation.owner_id,
        tuple(route for quote in quotes for route in quote.routes),
        sum(quote.least_micros for quote in quotes),
        sum(quote.most_micros for quote in quotes),
    )
    return whole, asked


def _asked(
    conversation: Conversation,
    branch: Sequence[Message],
    attachments: Attachments,
    names: Sequence[str],
    parameters: Mapping[str, Any],
    *,
    is_test: bool,
) -> list[Asked]:
    return [
        reply_asked(conversation, branch, attachments, model=name, parameters=parameters, is_test=is_test)
        for name in names
    ]


def _submit(conversation: Conversation, names: Sequence[str], *, is_test: bool) -> tuple[Reply, list[UUID]]:
    """The job or jobs, and the reply that holds the conversation; the ids of its messages."""
    inputs = [ReplyJobInput(model=name) for name in names]
    is_one = len(inputs) == 1
    job = jobs.job_submit(
        kind=REPLY_KIND if is_one else COMPARISON_KIND,
        input=inputs[0] if is_one else NoInput(),
        owner_id=conversation.owner_id,
        is_test=is_test,
    )
    reply = Reply(id=job.pk, conversation=conversation, running=len(inputs))
    try:
        with savepoint():
            reply.save(force_insert=True)
    except IntegrityError as exc:
        raise ReplyRunningError from exc
    if is_one:
        return reply, [job.pk]
    return reply, [child.pk for child in jobs.children_submit(parent=job, kind=REPLY_KIND, inputs=inputs)]


def _kept() -> tuple[QuerySet[Message], dict[str, Any]]:
    pk, attempt = Placeholder("pk", UUIDField()), Placeholder("attempt", PositiveIntegerField())
    held = Job.objects.filter(pk=pk, status=JobStatus.RUNNING, attempt=attempt)
    texts = {name: Placeholder(name, TextField()) for name in ("content", "reasoning")}
    # What is searched follows at the end: an index of each half sentence would be of no use to anybody.
    return (
        Message.objects.filter(Exists(held), pk=pk, status=MessageStatus.STREAMING),
        {**texts, "attempt": attempt, "search_text": ""},
    )


#: Runs about every second of every reply that is written.
KEEP = Update(_kept)


def reply_keep(*, job: Job, content: str, reasoning: str) -> bool:
    """Write down what has come so far. False when it isn't this attempt's to write any more."""
    return bool(KEEP.run(pk=job.pk, attempt=job.attempt, content=content, reasoning=reasoning))


def reply_store(*, job: Job, found: FinishedReply) -> dict[str, Any]:
    """Write the answer down. Runs inside the transaction that makes the job succeed."""
    message = Message.objects.filter(pk=job.pk).first()
    if message is None:
        raise MessageGoneError(charged=True)
    message.is_rewritten = not found.content.startswith(message.content)
    for name in FinishedReply.__slots__:
        setattr(message, name, getattr(found, name))
    message.status, message.error = MessageStatus.COMPLETE, None
    _finish(message)
    title_submit(message, is_test=job.is_test)
    return {
        "conversation_id": str(message.conversation_id),
        "message_id": str(message.pk),
        "characters": len(message.content),
    }


def reply_end(job: Job) -> None:
    """What is left of a reply whose job failed or was cancelled. Runs inside the transaction that ends the job."""
    message = Message.objects.filter(pk=job.pk, status=MessageStatus.STREAMING).first()
    if message is None:
        results_forget([job.pk])
        return
    is_stopped = job.status == JobStatus.CANCELLED
    message.status = (
        MessageStatus.INTERRUPTED if message.content.strip() or is_stopped else MessageStatus.FAILED
    )
    message.error = None if is_stopped else job.error
    _finish(message)


def reply_recount(job: Job) -> None:
    """What a reply that is over has cost after all."""
    message = Message.objects.filter(pk=job.pk).exclude(status=MessageStatus.STREAMING).first()
    if message is None:
        return
    _count(message)
    if message.error is not None:
        message.error["charged"] = charged(job)
    message.save(update_fields=[*PAID, "error", "updated_at"])


def _count(message: Message) -> None:
    calls = ProviderCall.objects.filter(job_id=message.pk)
    paid = calls.aggregate(**{name: Coalesce(Sum(name), 0) for name in PAID})
    for name, value in paid.items():
        setattr(message, name, value)


def _finish(message: Message) -> None:
    _count(message)
    message.save(force_update=True)
    left = Reply.objects.filter(messages=message, running__gt=0)
    left.update(running=F("running") - 1, updated_at=timezone.now())
