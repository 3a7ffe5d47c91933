"""The small local model (`make local-llm`): slow, free, and on this machine.

It speaks as any OpenAI-compatible server does. Two things differ. Two busy cores may write for minutes, so an answer is
always taken as a stream: a request's `timeout_s` counts silence, and its `deadline_s`, or the adapter's own time-out if
that is shorter, the whole. One that isn't done by then is too slow for this machine and isn't tried again. And nothing
is ever charged: a call that broke off can simply be repeated, and nobody has to look it up.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import cast

from generation.providers import rules
from generation.providers.base import ProviderError
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult
from generation.providers.llm.openai import OpenAIChat


class SmallModelChat(OpenAIChat):
    """An `OpenAIChat` with the same options."""

    def served_models(self, timeout_s: float) -> frozenset[str]:
        """One server, one model."""
        return frozenset({self.model})

    def complete(self, request: ChatRequest) -> ChatResult:
        text: list[str] = []
        reasoning: list[str] = []
        with closing(self._pieces(request)) as pieces:
            for piece in pieces:
                text.append(piece.text)
                reasoning.append(piece.reasoning)
                if piece.finish_reason is not None and piece.usage is not None:
                    return ChatResult(
                        text="".join(text)[piece.misplaced :],
                        finish_reason=piece.finish_reason,
                        usage=piece.usage,
                        provider=self.name,
                        model=request.model or self.model,
                        reasoning="".join(reasoning),
                        answered_model=piece.answered_model,
                        cut=piece.cut,
                    )
        raise AssertionError("a stream ends with its last piece or an error")

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        return self._pieces(request)

    def _pieces(self, request: ChatRequest) -> Generator[ChatDelta, None, None]:
        if request.model not in (None, self.model):
            # Its server would answer in whatever name it is called by.
            raise _free(rules.NO_MODEL.error(self.name))
        if request.has_images:
            raise _free(rules.NO_IMAGES.error(self.name))
        deadline = time.monotonic() + min(self._timeout_s, request.deadline_s or self._timeout_s)
        try:
            with closing(cast("Generator[ChatDelta, None, None]", super().stream(request))) as pieces:
                for piece in pieces:
                    yield piece
                    if time.monotonic() > deadline and piece.finish_reason is None:
                        raise rules.TOO_SLOW.error(self.name)
        except ProviderError as error:
            failure = _free(error)
        else:
            return
        raise failure


def _free(error: ProviderError) -> ProviderError:
    return ProviderError(
        error.code,
        error.message,
        retryable=error.retryable,
        charged=False,
        provider=error.provider,
        provider_ref=error.provider_ref,
        retry_after=error.retry_after,
    )
