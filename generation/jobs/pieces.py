"""A streamed answer, piece by piece."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import cast

from config.waiting import GivenUpError, giving_up
from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import LLM, ChatDelta, ChatRequest, ChatResult
from generation.providers.llm.tokens import estimated_usage

#: How often it is asked whether a text that keeps coming is still wanted.
CHECK_SECONDS = 0.1


class Pieces:
    """Collects a streamed answer while handing it on, for as long as `check` raises nothing."""

    def __init__(self, on_delta: Callable[[ChatDelta], None], check: Callable[[], None]) -> None:
        self._on_delta = on_delta
        self._check = check
        self._check_due = 0.0
        self._stopped_by: Exception | None = None
        self._is_free = False
        self._text: list[str] = []
        self._reasoning: list[str] = []

    @property
    def is_begun(self) -> bool:
        return bool(self._text or self._reasoning)

    def collect(self, llm: LLM, request: ChatRequest) -> ChatResult:
        last = ChatDelta(finish_reason="unknown")
        stream = cast("Generator[ChatDelta]", llm.stream(request))
        try:
            with giving_up(self._is_stopped), closing(stream):
                for delta in stream:
                    if delta.text:
                        self._text.append(delta.text)
                    if delta.reasoning:
                        self._reasoning.append(delta.reasoning)
                    last = delta if delta.finish_reason else last
                    self._on_delta(delta)
                    if delta.finish_reason is None and time.monotonic() >= self._check_due:
                        self._check()  # not at the end: nothing is left to be stopped
                        self._check_due = time.monotonic() + CHECK_SECONDS
        except (ProviderError, GivenUpError) as exc:
            if self._stopped_by is not None:
                self._is_free = isinstance(exc, ProviderError) and exc.charged is False
                raise self._stopped_by from None
            raise
        return ChatResult(
            text="".join(self._text)[last.misplaced :],
            finish_reason=last.finish_reason or "unknown",
            usage=last.usage or self.usage(request),
            provider=llm.name,
            model=request.model or llm.model,
            reasoning="".join(self._reasoning),
            answered_model=last.answered_model,
            cut=last.cut,
        )

    def _is_stopped(self) -> bool:
        """Asked while nothing comes. What is raised here wouldn't get through the provider's libraries."""
        try:
            self._on_delta(ChatDelta())
            self._check()
        except Exception as exc:  # noqa: BLE001 — raised by who collects
            self._stopped_by = exc
            return True
        return False

    def usage(self, request: ChatRequest) -> Usage:
        """An estimate of what has come so far; nothing of a request that hadn't left when it was stopped."""
        if self._is_free:
            return Usage()
        return estimated_usage(request, "".join(self._text), "".join(self._reasoning))
