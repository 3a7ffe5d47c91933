"""What it means to write a reply, and to bring conversations in."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from conversations.domain import sandbox_chat
from conversations.domain.titles import title_in
from conversations.errors import (
    ImportFileGoneError,
    MessageGoneError,
    ReplyBrokenOffError,
    ReplyInterruptedError,
)
from conversations.models import ConversationImport, Message
from conversations.selectors import (
    MESSAGE_TEXTS,
    attachments_of,
    branch_of,
    comparison_job_titles,
    import_job_titles,
    reply_job_titles,
    title_job_titles,
)
from conversations.services.import_reading import import_lines
from conversations.services.imports import (
    FILE_ERRORS,
    IMPORT_KIND,
    ImportResult,
    import_end,
    import_finish,
    import_item,
    import_position,
)
from conversations.services.replies import (
    COMPARISON_KIND,
    REPLY_KIND,
    FinishedReply,
    ReplyJobInput,
    reply_end,
    reply_keep,
    reply_recount,
    reply_store,
)
from conversations.services.requests import REPLY, reply_asked, reply_request
from conversations.services.titles import (
    TITLE,
    TITLE_KIND,
    FinishedTitle,
    TitleJobInput,
    title_request,
    title_store,
)
from generation.errors import AnswerRejectedError, OutputEmptyError, OutputOnlyThoughtsError
from generation.jobs.attempts import AttemptLostError
from generation.jobs.registry import JobKind, Later, NoInput, NoOutput, WaitForChildren
from generation.jobs.run import JobRun
from generation.jobs.worker import this_worker
from generation.live.texts import newest
from generation.live.writer import LiveWriter
from generation.models import Job
from generation.providers.base import ProviderError
from generation.providers.llm.base import ChatResult
from generation.services.files import file_open

#: How often an import looks whether it is still wanted, and tells how far it is.
PROGRESS_SECONDS = 1.0
#: With less time than this left the next attempt goes on.
HANDED_ON_SECONDS = 60.0

#: What a reply buys.
STEP = "reply"


def run_reply(run: JobRun) -> FinishedReply:
    """Buy the answer."""
    message = Message.objects.select_related("conversation", "parent").filter(pk=run.job.pk).first()
    if message is None or message.parent is None:
        raise MessageGoneError
    _end_what_was_begun(run, message)
    branch = branch_of(message.parent)
    asked = reply_asked(
        message.conversation,
        branch,
        attachments_of(branch),
        model=message.model,
        parameters=message.parameters,
        is_test=run.job.is_test,
        since=run.job.created_at,
    )
    request = reply_request(asked)
    began = time.monotonic()
    with closing(LiveWriter(message.pk, run.job.attempt, partial(_keep, run.job))) as writer:
        try:
            answer = run.chat(STEP, request, feature=REPLY_KIND, on_delta=writer.on_delta)
        except ProviderError as error:
            if writer.text:
                raise ReplyBrokenOffError(
                    charged=error.charged, details={"cause": error.code, "provider": error.provider}
                ) from error
            raise
    if not answer.text.strip():
        raise _said_nothing(answer)
    return FinishedReply(
        content=answer.text,
        reasoning=answer.reasoning,
        provider=answer.provider,
        answered_by=answer.answered_model or answer.model,
        finish_reason=answer.finish_reason,
        milliseconds=round((time.monotonic() - began) * 1000),
        first_token_ms=None if writer.began is None else round((writer.began - began) * 1000),
        context=asked.context.record(),
    )


def _said_nothing(answer: ChatResult) -> AnswerRejectedError:
    error = (OutputOnlyThoughtsError if answer.reasoning.strip() else OutputEmptyError)(charged=True)
    error.give_up()  # it is bought: the same step brings the same again
    return error


def _end_what_was_begun(run: JobRun, message: Message) -> None:
    """An attempt before this one died after readers had seen a beginning: they keep that, and get no other answer,
    unless all of it was bought. Raises ReplyInterruptedError."""
    text = MESSAGE_TEXTS.read([message.pk]).get(message.pk)
    if text is None or not (text.text or text.reasoning) or run.has_bought(STEP):
        return
    found = newest(message.pk, replace(text, head=replace(text.head, attempt=message.attempt)))
    if not _keep(run.job, found.text, found.reasoning):
        raise AttemptLostError
    raise ReplyInterruptedError


def _keep(job: Job, content: str, reasoning: str) -> bool:
    return reply_keep(job=job, content=content, reasoning=reasoning)


def store_reply(job: Job, found: FinishedReply) -> dict[str, Any]:
    return reply_store(job=job, found=found)


def run_title(run: JobRun) -> FinishedTitle:
    """Buy a title. Nobody asked for it, so whatever goes wrong with it is of no consequence."""
    wanted: TitleJobInput = run.input
    message = Message.objects.select_related("conversation", "parent").filter(pk=wanted.message_id).first()
    if message is None or message.conversation.title:
        return FinishedTitle("")
    return FinishedTitle(title_in(run.chat("title", title_request(message), feature=TITLE_KIND).text))


def store_title(job: Job, found: FinishedTitle) -> dict[str, Any]:
    return title_store(job=job, found=found)


def run_comparison(run: JobRun) -> WaitForChildren:
    """The replies were written down with it; nothing is left to do but let them run."""
    return WaitForChildren()


def comparison_summary(job: Job, counts: Mapping[str, int]) -> dict[str, Any]:
    return {"total": sum(counts.values()), "counts": dict(counts)}


def run_import(run: JobRun) -> NoOutput | Later:
    """Bring in what an earlier attempt hasn't."""
    made = ConversationImport.objects.select_related("file").filter(pk=run.job.pk).first()
    if made is None or made.file is None:
        raise ImportFileGoneError
    done, told = import_position(made), time.monotonic()
    with file_open(made.file) as file, import_lines(file) as lines:
        for position, line in enumerate(lines):
            if line.failed is not None:
                raise FILE_ERRORS[line.failed](**line.params)
            if position >= done and line.item is not None:
                import_item(made=made, position=position, item=line.item)
            if time.monotonic() - told < PROGRESS_SECONDS:
                continue
            told = time.monotonic()
            run.check()
            run.progress(_percent(line.position, made.size))
            if run.entry.remaining_seconds < HANDED_ON_SECONDS or this_worker().is_leaving:
                return Later(0)
    run.check()
    return NoOutput()


def _percent(position: int, size: int) -> int:
    """Of a ZIP, whose size says little, it is the same for long."""
    return min(99, 100 * position // max(position, size, 1))


def store_import(job: Job, found: NoOutput) -> ImportResult:
    return import_finish(job.pk)


KINDS = (
    JobKind(
        name=REPLY_KIND,
        input=ReplyJobInput,
        run=run_reply,
        store=store_reply,
        end=reply_end,
        recount=reply_recount,
        is_replayed=False,
        title=_("reply in a conversation"),
        titles=reply_job_titles,
        words={
            "model": _("model"),
            "conversation_id": _("conversation"),
            "message_id": _("message"),
            "characters": _("characters"),
        },
        links={"conversation_id": "conversations.conversation", "message_id": "conversations.message"},
    ),
    JobKind(
        name=COMPARISON_KIND,
        input=NoInput,
        run=run_comparison,
        summary=comparison_summary,
        is_replayed=False,
        title=_("comparison of models in a conversation"),
        titles=comparison_job_titles,
    ),
    JobKind(
        name=TITLE_KIND,
        input=TitleJobInput,
        run=run_title,
        store=store_title,
        max_failures=2,
        title=_("title of a conversation"),
        titles=title_job_titles,
        words={"message_id": _("message"), "is_used": _("in use")},
        links={"message_id": "conversations.message"},
    ),
    JobKind(
        name=IMPORT_KIND,
        input=NoInput,
        run=run_import,
        store=store_import,
        end=import_end,
        is_replayed=False,
        title=_("import of conversations"),
        titles=import_job_titles,
        words={"imported": _("imported"), "present": _("already there"), "refused": _("refused")},
    ),
)

#: What the sandbox answers to each kind of request.
SANDBOX_ANSWERS = {REPLY: sandbox_chat.answer, TITLE: sandbox_chat.title}
