"""A model that says what the test wants, in this process: answers, failures, and whatever happens meanwhile."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

from generation.providers.base import Usage
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult, FinishReason

Play = str | ChatResult | BaseException | Callable[[ChatRequest], str]

#: What each provider does next; when nothing is left it answers `ANSWER`.
plays: dict[str, deque[Play]] = defaultdict(deque)
#: The calls that have left, as (provider, request).
calls: list[tuple[str, ChatRequest]] = []

ANSWER = "写好了：一份文档 🙂"
USAGE = Usage(input_tokens=1000, output_tokens=500)


def configure(settings: Any, *names: str) -> None:
    """Make these the providers of text, in this order. Names with prices: deepseek, openai."""
    models = {"deepseek": "deepseek-chat", "openai": "gpt-4o-mini"}
    path = f"{__name__}.ScriptedLLM"
    settings.PROVIDERS = {
        "llm": {
            name: {"path": path, "options": {"model": models.get(name, "no-such-model")}} for name in names
        }
    }
    settings.PROVIDER_ORDER = {"llm": list(names)}


def part(text: str, finish: FinishReason = "length", **more: Any) -> ChatResult:
    """An answer that ends as the test wants."""
    return ChatResult(text, finish, USAGE, "deepseek", "deepseek-chat", **more)


def reset() -> None:
    plays.clear()
    calls.clear()


class ScriptedLLM:
    def __init__(self, *, name: str, model: str) -> None:
        self.name = name
        self.model = model

    is_ones_own = False

    def served_models(self, timeout_s: float) -> None:
        """Nobody asks."""

    def estimate_input_tokens(self, request: ChatRequest) -> int:
        return 2000

    def max_billed_output_tokens(self, request: ChatRequest) -> int:
        return request.max_output_tokens

    def complete(self, request: ChatRequest) -> ChatResult:
        calls.append((self.name, request))
        play = plays[self.name].popleft() if plays[self.name] else ANSWER
        if isinstance(play, BaseException):
            raise play
        if isinstance(play, ChatResult):
            return play
        return ChatResult(
            text=play if isinstance(play, str) else play(request),
            finish_reason="stop",
            usage=USAGE,
            provider=self.name,
            model=request.model or self.model,
            provider_ref=f"req-{len(calls)}",
        )

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        result = self.complete(request)
        yield ChatDelta(text=result.text)
        yield ChatDelta(finish_reason=result.finish_reason, usage=result.usage)
