"""What the sandbox's makers of pictures and of meshes have in common: failures on purpose, and tasks.

The model `sandbox-tasks` answers orders with a task, which takes some seconds, tells how far it is and is looked up;
every other model answers with what was made. Magic inputs, anywhere in the prompt, produce failures; `docs/sandbox.md`
has their tables. Those of the link concern copying what was made.

Tasks are kept in the cache, which all processes share where there is Redis. A link leads to no server: whoever copies
asks `behind_broken` and the maker what is there.
"""

from __future__ import annotations

import hashlib
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, ClassVar, Final, Generic

from django.core.cache import cache

from config import waiting
from generation.domain.images import LARGEST_SEED
from generation.providers import base, rules
from generation.providers.base import ProviderError
from generation.providers.orders import AnswerT_co, InOne, OrderT
from generation.providers.sandbox_inputs import FAILURES, MARKER, SILENCE, Failure, effects_of, failure_of

NAME: Final = "sandbox"
WITH_TASKS: Final = "sandbox-tasks"
LINK: Final = "sandbox:"
#: How long a task takes, and how long it is remembered.
TASK_SECONDS, KEPT_SECONDS = 3.0, 24 * 3600.0

_FAILED = Failure(base.UNAVAILABLE, "The sandbox plays a failure.", True, False)
_NOTHING = Failure(base.BAD_ANSWER, "The sandbox plays an answer with nothing in it.", False, True)
_FORGOTTEN = Failure(base.BAD_ANSWER, "The sandbox plays a vendor that forgot the order.", False, None)
NOT_MADE = Failure(base.UNAVAILABLE, "What makes it has failed.", True, False)
TOO_LARGE: Final = "too-large"
#: What the link leads to instead: a status and the content.
_LINKS: Final[Mapping[str, tuple[int, bytes]]] = {
    "expired": (403, b""),
    "html": (200, b"<!DOCTYPE html><title>Sorry</title>"),
    "empty": (200, b""),
    "link-down": (503, b""),
}


class SandboxMaker(InOne, Generic[OrderT, AnswerT_co]):
    """An adapter. Thread-safe and without state of its own. `nothing` is what an order is called that brings nothing,
    `links` what it may lead to that nobody else's do, `more` what else the prompt may say, `kept` where tasks are."""

    nothing: ClassVar[str]
    links: ClassVar[tuple[str, ...]] = ()
    more: ClassVar[tuple[str, ...]] = ()
    kept: ClassVar[str]

    def __init__(self, *, name: str = NAME, model: str = "sandbox") -> None:
        self.name = name
        self.model = model

    @property
    def has_tasks(self) -> bool:
        return self.model == WITH_TASKS

    @abstractmethod
    def made(self, order: Any, model: str) -> AnswerT_co:
        """Make it at once. Raises `ProviderError`."""

    @abstractmethod
    def linked(self, model: str, link: str, ref: str, seed: int) -> AnswerT_co:
        """What is there to be copied."""

    @abstractmethod
    def working(self, model: str, ref: str, percent: int | None) -> AnswerT_co:
        """A task that has no end yet."""

    @abstractmethod
    def link_of(self, order: Any, ref: str) -> str:
        """Where what a task has made will be."""

    def order(self, order: Any) -> AnswerT_co:
        effects = effects_of(order.prompt, known=self._known(), attempt=order.attempt, provider=self.name)
        model, seconds = order.model or self.model, float(effects.get("slow") or 0)
        order = _plain(order)
        lost = failure_of(FAILURES, effects, self.name)
        if lost is not None and lost.charged is False:
            raise lost
        ref = self._accept(order, effects, model, seconds or TASK_SECONDS) if model == WITH_TASKS else ""
        if lost is not None:
            raise lost
        if "hang" in effects or not ref and seconds > order.timeout_s:
            waiting.sleep(order.timeout_s)
            raise SILENCE.error(self.name)
        if ref:
            return self.working(model, ref, None)
        waiting.sleep(seconds)
        if (failed := failure_of(self._ends(), effects, self.name)) is not None:
            raise failed
        link = self._broken_link(effects)
        return self.linked(model, link, "", order.seed) if link else self.made(order, model)

    def look_up(self, refs: Sequence[str]) -> Mapping[str, AnswerT_co | ProviderError]:
        """What the cache has lost is left out: it is asked for again until its time is over."""
        found = cache.get_many([self._key(ref) for ref in refs])
        return {ref: self._outcome(ref, found[self._key(ref)]) for ref in refs if self._key(ref) in found}

    def find(self, order: Any, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        refs = [_ref(replace(order, attempt=attempt)) for attempt in range(order.attempt, 0, -1)]
        return next((ref for ref in refs if ref not in known and cache.get(self._key(ref))), None)

    def cancel(self, ref: str) -> bool:
        task = cache.get(self._key(ref))
        if task is None or _share(task) >= 1:
            return False
        cache.set(self._key(ref), {**task, "is_cancelled": True}, KEPT_SECONDS)
        return True

    def _outcome(self, ref: str, task: Mapping[str, Any]) -> AnswerT_co | ProviderError:
        if task.get("is_cancelled"):
            return rules.CANCELLED.error(self.name)
        model, effects = task["model"], task["effects"]
        if (share := _share(task)) < 1:
            return self.working(model, ref, int(share * 100))
        failed = failure_of(self._ends(), effects, self.name)
        if failed is not None:
            return failed
        return self.linked(model, self._broken_link(effects) or task["link"], ref, task["seed"])

    def _accept(self, order: Any, effects: Mapping[str, str], model: str, seconds: float) -> str:
        """Remember a task, and say its id."""
        ref = _ref(order)
        task = {
            "model": model,
            "effects": dict(effects),
            "link": self.link_of(order, ref),
            "seed": order.seed,
        }
        cache.set(self._key(ref), {**task, "began": time.time(), "seconds": seconds}, KEPT_SECONDS)
        return ref

    def _ends(self) -> dict[str, Failure]:
        """How an order may end that was accepted."""
        return {"failed": _FAILED, self.nothing: _NOTHING, "forgotten": _FORGOTTEN}

    def _known(self) -> frozenset[str]:
        return frozenset({*FAILURES, *self._ends(), *self._broken_links, "hang", "slow", *self.more})

    @property
    def _broken_links(self) -> tuple[str, ...]:
        return (*_LINKS, TOO_LARGE, *self.links)

    def _broken_link(self, effects: Mapping[str, str]) -> str:
        return next((f"{LINK}{name}" for name in self._broken_links if name in effects), "")

    def _key(self, ref: str) -> str:
        return f"{self.kept}:{ref}"


def behind_broken(link: str, most_bytes: int, *, begins: bytes) -> tuple[int, bytes] | None:
    """The status and the content that a broken link leads to, no more than a byte too much; None where it isn't
    broken. What is too large `begins` as what was promised."""
    what = link.removeprefix(LINK)
    if what == TOO_LARGE:
        return 200, begins.ljust(most_bytes + 1, b"\0")
    return _LINKS.get(what)


def _plain(order: Any) -> Any:
    """Without the inputs, and with the seed that it has where none was given: one of each purchase's own."""
    prompt = MARKER.sub("", order.prompt) or order.prompt and " "  # who says nothing else says something
    return replace(order, prompt=prompt, seed=_seed(order))


def _ref(order: Any) -> str:
    """The same for the same order, so that one whose answer was lost is found."""
    facts = {**asdict(_plain(order)), "model": "", "timeout_s": 0}
    told = {
        name: hashlib.sha256(one).digest() if isinstance(one, bytes) else one for name, one in facts.items()
    }
    return f"sandbox-{_digest(sorted(told.items()))[:32]}"


def _seed(order: Any) -> int:
    return int(_digest(order.request_key)[:8], 16) % LARGEST_SEED if order.seed is None else order.seed


def _digest(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _share(task: Mapping[str, Any]) -> float:
    """How much of its time a task has had."""
    return (time.time() - float(task["began"])) / float(task["seconds"]) if task["seconds"] else 1.0
