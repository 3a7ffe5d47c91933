"""An offline maker of pictures: deterministic, free, and able to fail in every way a real one does.

What it makes is painted by rules (`procedural`). The model `sandbox-tasks` answers orders with a task, which takes some
seconds, tells how far it is and is looked up; every other model answers with the picture. Magic inputs, anywhere in the
prompt, produce failures; `docs/sandbox.md` has their table. Those of the link concern copying what was made.

Tasks are kept in the cache, which all processes share where there is Redis. A link leads to no server: `behind` says
what is there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django.core.cache import cache

from config import waiting
from config.programs.running import ProgramFailedError
from generation.domain.images import LARGEST_SEED, Style
from generation.providers import base, rules
from generation.providers.image.base import ImageAnswer, ImageOrder, Outcome, Picture
from generation.providers.image.procedural.paint import paint
from generation.providers.orders import InOne
from generation.providers.sandbox_inputs import FAILURES, MARKER, SILENCE, Failure, effects_of, failure_of

NAME: Final = "sandbox"
WITH_TASKS: Final = "sandbox-tasks"
LINK: Final = "sandbox:"
#: How long a task takes, and how long it is remembered.
TASK_SECONDS, KEPT_SECONDS = 3.0, 24 * 3600.0

#: How an order may end that was accepted.
_ENDS = {
    "failed": Failure(base.UNAVAILABLE, "The sandbox plays a failure.", True, False),
    "no-picture": Failure(base.BAD_ANSWER, "The sandbox plays an answer without a picture.", False, True),
    "forgotten": Failure(base.BAD_ANSWER, "The sandbox plays a vendor that forgot the order.", False, None),
}
_NOT_PAINTED = Failure(base.UNAVAILABLE, "The painter has failed.", True, False)
#: What the link to the picture leads to instead: a status and the content.
_LINKS = {
    "expired": (403, b""),
    "html": (200, b"<!DOCTYPE html><title>Sorry</title>"),
    "empty": (200, b""),
    "too-large": (200, b"\x89PNG\r\n\x1a\n" + bytes(256)),
    "link-down": (503, b""),
}
#: `no-prompts` is for who writes the prompts of pictures.
_EFFECTS = frozenset({*FAILURES, *_ENDS, *_LINKS, "hang", "slow", "no-prompts"})


class SandboxImages(InOne):
    """The adapter. Thread-safe and without state of its own."""

    def __init__(self, *, name: str = NAME, model: str = "sandbox") -> None:
        self.name = name
        self.model = model

    @property
    def has_tasks(self) -> bool:
        return self.model == WITH_TASKS

    def order(self, order: ImageOrder) -> ImageAnswer:
        effects = effects_of(order.prompt, known=_EFFECTS, attempt=order.attempt, provider=self.name)
        model, seconds = order.model or self.model, float(effects.get("slow") or 0)
        order = replace(order, prompt=MARKER.sub("", order.prompt), seed=_seed(order))
        lost = failure_of(FAILURES, effects, self.name)
        if lost is not None and lost.charged is False:
            raise lost
        ref = _accept(order, effects, model, seconds or TASK_SECONDS) if model == WITH_TASKS else ""
        if lost is not None:
            raise lost
        if "hang" in effects or not ref and seconds > order.timeout_s:
            waiting.sleep(order.timeout_s)
            raise SILENCE.error(self.name)
        if ref:
            return ImageAnswer(provider=self.name, model=model, provider_ref=ref)
        waiting.sleep(seconds)
        if (failed := failure_of(_ENDS, effects, self.name)) is not None:
            raise failed
        link = _broken_link(effects)
        picture = Picture(url=link, seed=order.seed) if link else self._painted(order)
        return ImageAnswer(provider=self.name, model=model, picture=picture)

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Outcome]:
        """What the cache has lost is left out: it is asked for again until its time is over."""
        found = cache.get_many([_key(ref) for ref in refs])
        return {ref: self._outcome(ref, found[_key(ref)]) for ref in refs if _key(ref) in found}

    def find(self, order: ImageOrder, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        refs = [_ref(replace(order, attempt=attempt)) for attempt in range(order.attempt, 0, -1)]
        return next((ref for ref in refs if ref not in known and cache.get(_key(ref))), None)

    def cancel(self, ref: str) -> bool:
        task = cache.get(_key(ref))
        if task is None or _share(task) >= 1:
            return False
        cache.set(_key(ref), {**task, "is_cancelled": True}, KEPT_SECONDS)
        return True

    def _outcome(self, ref: str, task: Mapping[str, Any]) -> Outcome:
        if task.get("is_cancelled"):
            return rules.CANCELLED.error(self.name)
        model, effects = task["model"], task["effects"]
        if (share := _share(task)) < 1:
            return ImageAnswer(provider=self.name, model=model, provider_ref=ref, percent=int(share * 100))
        failed = failure_of(_ENDS, effects, self.name)
        if failed is not None:
            return failed
        picture = Picture(url=_broken_link(effects) or task["link"], seed=task["seed"])
        return ImageAnswer(provider=self.name, model=model, provider_ref=ref, picture=picture)

    def _painted(self, order: ImageOrder) -> Picture:
        try:
            return Picture(data=paint(**_wanted(order)), seed=order.seed)
        except ProgramFailedError:
            pass
        raise _NOT_PAINTED.error(self.name)


def behind(link: str, most_bytes: int) -> tuple[int, bytes]:
    """The status and the content that a link of the sandbox leads to; no more than a byte too much."""
    what, _, query = link.removeprefix(LINK).partition("?")
    if what in _LINKS:
        status, content = _LINKS[what]
        return status, content.ljust(most_bytes + 1, b"\0") if what == "too-large" else content
    told: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    numbers = {name: int(told[name]) for name in ("width", "height", "seed")}
    try:
        return 200, paint(**{**told, **numbers})
    except ProgramFailedError:
        return 503, b""


def _accept(order: ImageOrder, effects: Mapping[str, str], model: str, seconds: float) -> str:
    """Remember a task, and say its id."""
    ref = _ref(order)
    link = f"{LINK}paint?{urlencode(_wanted(order))}"
    task = {"model": model, "effects": dict(effects), "link": link, "seed": order.seed}
    cache.set(_key(ref), {**task, "began": time.time(), "seconds": seconds}, KEPT_SECONDS)
    return ref


def _wanted(order: ImageOrder) -> dict[str, Any]:
    """The painter's arguments."""
    return {
        "prompt": order.prompt,
        "width": order.width,
        "height": order.height,
        "seed": order.seed,
        "style": order.style if order.style in set(Style) else "",
        "negative_prompt": order.negative_prompt,
    }


def _broken_link(effects: Mapping[str, str]) -> str:
    return next((f"{LINK}{name}" for name in _LINKS if name in effects), "")


def _ref(order: ImageOrder) -> str:
    """The same for the same order, so that one whose answer was lost is found."""
    facts = {
        **asdict(order),
        "model": "",
        "timeout_s": 0,
        "seed": _seed(order),
        "prompt": MARKER.sub("", order.prompt),
    }
    return f"sandbox-{_digest(facts)[:32]}"


def _seed(order: ImageOrder) -> int:
    """Where none was given, one of each purchase's own."""
    return int(_digest(order.request_key)[:8], 16) % LARGEST_SEED if order.seed is None else order.seed


def _digest(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _key(ref: str) -> str:
    return f"sandbox-images:{ref}"


def _share(task: Mapping[str, Any]) -> float:
    """How much of its time a task has had."""
    return (time.time() - float(task["began"])) / float(task["seconds"]) if task["seconds"] else 1.0
