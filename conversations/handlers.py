"""What it means to write a reply."""

import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from conversations.errors import MessageGoneError
from conversations.models import Message
from conversations.selectors import comparison_job_titles, reply_job_titles
from conversations.services.replies import (
    COMPARISON_KIND,
    REPLY_KIND,
    FinishedReply,
    ReplyJobInput,
    reply_end,
    reply_store,
)
from conversations.services.requests import reply_request
from generation.jobs.registry import JobKind, NoInput, WaitForChildren
from generation.jobs.run import JobRun
from generation.models import Job


def run_reply(run: JobRun) -> FinishedReply:
    """Buy the answer."""
    message = Message.objects.select_related("conversation", "parent").filter(pk=run.job.pk).first()
    if message is None or message.parent is None:
        raise MessageGoneError
    request = reply_request(
        message.conversation, message.parent, model=message.model, parameters=message.parameters
    )
    began = time.monotonic()
    answer = run.chat("reply", request, feature=REPLY_KIND)
    return FinishedReply(
        content=answer.text,
        reasoning=answer.reasoning,
        provider=answer.provider,
        answered_by=answer.answered_model or answer.model,
        finish_reason=answer.finish_reason,
        milliseconds=round((time.monotonic() - began) * 1000),
        first_token_ms=None,
    )


def store_reply(job: Job, found: FinishedReply) -> dict[str, Any]:
    return reply_store(job=job, found=found)


def run_comparison(run: JobRun) -> WaitForChildren:
    """The replies were written down with it; nothing is left to do but let them run."""
    return WaitForChildren()


def comparison_summary(job: Job, counts: Mapping[str, int]) -> dict[str, Any]:
    return {"total": sum(counts.values()), "counts": dict(counts)}


KINDS = (
    JobKind(
        name=REPLY_KIND,
        input=ReplyJobInput,
        run=run_reply,
        store=store_reply,
        end=reply_end,
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
)
