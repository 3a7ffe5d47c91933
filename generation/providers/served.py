"""Which models the operator's own servers really have: a catalogue only says what might be there.

Only servers of one's own are asked here, when somebody wants to know (`local`, the small model); vendors' lists are
looked at from time to time (`generation.services.listing`). What was learnt is used for `FRESH_S`; a server that
doesn't answer denies nothing.
"""

from __future__ import annotations

import threading
import time
from typing import Final, TypeGuard

from generation.providers import registry
from generation.providers.llm.base import LLM

FRESH_S: Final = 30.0
ANSWER_S: Final = 1.0

#: An adapter, until when its word holds, and the word.
Word = tuple[LLM, float, frozenset[str] | None]

_lock = threading.Lock()
_known: dict[str, Word] = {}


def is_served(provider: str, model: str) -> bool:
    """Whether the operator's server may have this model. Asks it at most every `FRESH_S`, for `ANSWER_S`."""
    if provider not in registry.configured_names("llm"):
        return True
    names = _served_by(provider)
    return names is None or model in names or f"{model}:latest" in names


def _served_by(provider: str) -> frozenset[str] | None:
    llm = registry.get_llm(provider)
    known = _known.get(provider)
    if _holds(known, llm):
        return known[2]
    with _lock:
        known = _known.get(provider)
        if _holds(known, llm):
            return known[2]
        names = llm.served_models(ANSWER_S) if llm.is_ones_own else None
        _known[provider] = llm, time.monotonic() + FRESH_S, names
    return names


def _holds(known: Word | None, llm: LLM) -> TypeGuard[Word]:
    return known is not None and known[0] is llm and known[1] > time.monotonic()
