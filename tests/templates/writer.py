"""A paid model for the factory: it writes what the sandbox writes, at DeepSeek's price, or what the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult, FinishReason
from generation.providers.llm.sandbox import SandboxLLM

USAGE = Usage(input_tokens=1_000, output_tokens=500)
#: What one call with this usage costs (270,000 and 1,100,000 micro-units per million tokens).
CALL_MICROS = 820

#: What the test says: the answer to a request, or None for the ordinary one.
Saying = Callable[[ChatRequest], "ChatResult | ProviderError | str | None"]

said: list[ChatRequest] = []
_saying: list[Saying] = []


def configure(settings: Any, *names: str) -> None:
    """Make it the only provider of text (or several, under these names)."""
    models = {"deepseek": "deepseek-chat", "openai": "gpt-4o-mini", "local-model": "qwen"}
    names = names or ("deepseek",)
    path = f"{__name__}.Writer"
    settings.PROVIDERS = {"llm": {name: {"path": path, "options": {"model": models[name]}} for name in names}}
    settings.PROVIDER_ORDER = {"llm": list(names)}


def says(saying: Saying) -> None:
    """From here on, ask the test first."""
    _saying[:] = [saying]


def reset() -> None:
    said.clear()
    _saying.clear()


def ordinary(request: ChatRequest) -> str:
    """The whole text that the sandbox answers, without magic inputs."""
    return SandboxLLM().complete(replace(request, max_output_tokens=1_000_000)).text


def answer(text: str, finish: FinishReason = "stop") -> ChatResult:
    return ChatResult(
        text=text, finish_reason=finish, usage=USAGE, provider="deepseek", model="deepseek-chat"
    )


class Writer:
    def __init__(self, *, name: str, model: str) -> None:
        self.name = name
        self.model = model

    is_ones_own = False

    def served_models(self, timeout_s: float) -> None:
        """Nobody asks."""

    def estimate_input_tokens(self, request: ChatRequest) -> int:
        return 2_000

    def max_billed_output_tokens(self, request: ChatRequest) -> int:
        return request.max_output_tokens

    def complete(self, request: ChatRequest) -> ChatResult:
        said.append(request)
        wanted = _saying[0](request) if _saying else None
        if isinstance(wanted, ProviderError):
            raise wanted
        if isinstance(wanted, ChatResult):
            return replace(wanted, provider=self.name, model=self.model)
        return replace(answer(wanted or ordinary(request)), provider=self.name, model=self.model)

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        raise NotImplementedError("documents are bought whole")
