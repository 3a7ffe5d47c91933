"""Buying whole texts and data: what a model breaks off is continued, answers that can't be used are turned down.

    with text_order(run, feature="minutes.draft", language="zh", made_from=(transcript,)) as order:
        answer = order.whole_text("draft", request)
        if not fits(answer.text):
            raise DoesNotFitError(charged=True)  # an AnswerRejectedError

What is raised inside as an `AnswerRejectedError` turns down all that the order has bought: the ledger says so, and the
next attempt buys anew and tells the model what was wrong. That happens once by itself (`MOST_ROUNDS`), then only when a
person asks for it. Everything else that ends an attempt keeps what was bought, and the next one goes on from there.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Coalesce

from config.errors import REGISTRY
from generation.domain import chatter, continuation
from generation.domain.blanks import is_blank
from generation.domain.repetition import repeats_itself
from generation.domain.sections import data_sections
from generation.errors import (
    AnswerRejectedError,
    OutputEmptyError,
    OutputMalformedError,
    OutputOnlyThoughtsError,
    OutputRefusedError,
    OutputRepeatsError,
    OutputTruncatedError,
)
from generation.jobs import ledger
from generation.jobs.run import JobRun
from generation.models import ProviderCall
from generation.providers.base import ProviderError
from generation.providers.llm.base import ChatDelta, ChatMessage, ChatRequest, ChatResult, FinishReason
from generation.providers.llm.structured import MOST_ANSWERS, StructuredResult, complete_json

#: How often a text that ended at its length limit is continued.
CONTINUATIONS = 3
#: Calls that one text can take at most: the first, and its continuations.
MOST_CALLS = CONTINUATIONS + 1
#: How often a text can be bought at most without a person asking.
MOST_ROUNDS = 2
#: Characters from the end of a broken-off text that the request to continue quotes.
CONTINUATION_TAIL = 400
#: How much is noted of what was left out.
NOTED_CHARACTERS = 500

_CONTINUE = {
    "zh": (
        "上面的输出因长度限制中断了，末尾是：",
        "请从最后一个没写完的行的行首重新写起，接着写到文档结束。不要重复更早的内容，不要解释，不要另起标题或代码围栏。",
    ),
    "en": (
        "The output above broke off at the length limit. It ends with:",
        "Start again at the beginning of the last unfinished line and go on to the end of the document. "
        "Repeat nothing earlier, explain nothing, don't open a new title or a code fence around the rest.",
    ),
}


@contextmanager
def text_order(
    run: JobRun, *, feature: str, language: str, made_from: Sequence[str]
) -> "Iterator[TextOrder]":
    """One text, and the calls that are made for it.

    `language`, `zh` or `en`, is that of the requests. `made_from` says what the text depends on: the engine never buys
    a step twice, so the names of the steps change with it, or a text made from old inputs would pass for one made from
    the new.
    """
    inputs = hashlib.sha256("\n".join(made_from).encode("utf-8", "surrogatepass")).hexdigest()[:10]
    rejected = ledger.turned_down(run.job, inputs) if run.job.attempt > 1 else []
    order = TextOrder(run, feature, language, inputs, tuple(rejected))
    try:
        yield order
    except AnswerRejectedError as error:
        ledger.turn_down(run.job, order.mark, code=error.code)
        if order.round >= MOST_ROUNDS:
            error.give_up()
        raise


@dataclass(frozen=True, slots=True)
class TextOrder:
    """What `text_order` gives. `rejected` are the codes for which earlier rounds were turned down."""

    run: JobRun
    feature: str
    language: str
    inputs: str
    rejected: tuple[str, ...]

    @property
    def round(self) -> int:
        return len(self.rejected) + 1

    @property
    def mark(self) -> str:
        """What the names of this round's steps end with."""
        return f"@{self.inputs}" if self.round == 1 else f"@{self.inputs}.{self.round}"

    def chat(self, step: str, request: ChatRequest) -> ChatResult:
        """One answer, as it comes."""
        return self._ask(step, self._unlike_before(request))

    def whole_text(
        self, step: str, request: ChatRequest, *, on_delta: Callable[[ChatDelta], None] | None = None
    ) -> ChatResult:
        """A text and, while it ends at the length limit, its continuation, joined.

        A vendor that says that the text ended is believed; where nobody said why it did, its last words are looked at.
        What a model says around a document is left out, and noted as an event of the job. The sandbox finds in
        `context["partial"]` what it has to go on from.

        Raises what `JobRun.chat` raises, and `OutputTruncatedError`, `OutputEmptyError`, `OutputOnlyThoughtsError`,
        `OutputRepeatsError`, `OutputRefusedError`.
        """
        request = self._unlike_before(request)
        asked, text, calls = request, "", 0
        for calls in range(1, MOST_CALLS + 1):
            answer = self._ask(f"{step}-{calls}", asked, on_delta)
            if answer.finish_reason == "content_filter":
                raise OutputRefusedError(charged=True)
            before, text = text, continuation.join(text, answer.text) if text else answer.text
            if is_blank(text):
                raise (OutputEmptyError if is_blank(answer.reasoning) else OutputOnlyThoughtsError)(
                    charged=True
                )
            if repeats_itself(text):
                raise OutputRepeatsError(charged=True)
            if _is_whole(answer.finish_reason, text, has_grown=text != before):
                return replace(answer, text=self._trimmed(text, answer.cut))
            if text == before:
                break  # the same question would be asked again
            asked = self._continued(request, text)
        raise OutputTruncatedError(calls=calls, charged=True)

    def data(self, step: str, request: ChatRequest, schema: Mapping[str, Any]) -> StructuredResult:
        """JSON of the schema; a first answer that is none is corrected by the model.

        Raises what `JobRun.chat` raises, and `OutputMalformedError`, `OutputTruncatedError`, `OutputRefusedError`.
        """
        answers: list[ChatResult] = []

        def buy(asked: ChatRequest) -> ChatResult:
            answers.append(self._ask(f"{step}-{len(answers) + 1}", asked))
            return answers[-1]

        try:
            return complete_json(buy, self._unlike_before(request), schema)
        except ProviderError:
            reason = answers[-1].finish_reason if answers else ""
            if reason == "content_filter":
                raise OutputRefusedError(charged=True) from None
            if len(answers) < MOST_ANSWERS:
                raise  # it comes from the call, not from what was answered
            if reason == "length":
                raise OutputTruncatedError(calls=len(answers), charged=True) from None
            raise OutputMalformedError(charged=True) from None

    def _trimmed(self, text: str, cut: str) -> str:
        """The document alone."""
        found = chatter.trimmed(text)
        if is_blank(found.text):
            raise OutputEmptyError(charged=True)
        left_out = {"before": found.before, "after": " ".join(filter(None, (found.after, cut)))}
        if any(left_out.values()):
            self.run.note(
                "trimmed", {name: words[:NOTED_CHARACTERS] for name, words in left_out.items() if words}
            )
        return found.text.strip()

    def _ask(
        self, step: str, request: ChatRequest, on_delta: Callable[[ChatDelta], None] | None = None
    ) -> ChatResult:
        return self.run.chat(f"{step}{self.mark}", request, feature=self.feature, on_delta=on_delta)

    def _unlike_before(self, request: ChatRequest) -> ChatRequest:
        """After an answer was turned down, a request that says why: the same one may bring the same answer."""
        if not self.rejected:
            return request
        *before, last = request.messages
        error = REGISTRY.get(self.rejected[-1], AnswerRejectedError)
        advice = error.advice(self.language) if issubclass(error, AnswerRejectedError) else ""
        told = replace(last, content=f"{last.content}\n\n{advice}".rstrip())
        return replace(request, messages=(*before, told))

    def _continued(self, request: ChatRequest, text: str) -> ChatRequest:
        opening, closing = _CONTINUE["zh" if self.language == "zh" else "en"]
        tail = data_sections({"tail": text[-CONTINUATION_TAIL:]})
        messages = (
            *request.messages,
            ChatMessage("assistant", text),
            ChatMessage("user", "\n\n".join((opening, tail, closing))),
        )
        return replace(request, messages=messages, context={**request.context, "partial": text})


def _is_whole(reason: FinishReason, text: str, *, has_grown: bool) -> bool:
    if reason == "stop" and has_grown:
        return True
    return reason in ("stop", "unknown") and continuation.looks_complete(chatter.trimmed(text).text)


def paid(run: JobRun) -> dict[str, int]:
    """What the job has cost: all its calls, those whose answers were turned down included."""
    if run.job.attempt == 1:
        usage = run.usage
        return {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_micros": run.spent_micros,
        }
    sums = {name: Coalesce(Sum(name), 0) for name in ("input_tokens", "output_tokens", "cost_micros")}
    return ProviderCall.objects.filter(job_id=run.job.pk).aggregate(**sums)
