"""Why an answer ended, in the words of many vendors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import structlog

from generation.providers.llm.base import FinishReason

log = structlog.get_logger(__name__)

#: A server that broke the answer off, by its own word.
BROKEN: Final = frozenset(
    {
        *(
            "error",
            "networkerror",
            "servererror",
            "internalerror",
            "insufficientsystemresource",
            "abort",
            "aborted",
        ),
        *("cancelled", "canceled", "overloaded", "timeout", "modelerror", "malformedmodeloutput", "failed"),
    }
)

# OpenAI; Anthropic and Bedrock; Google; Cohere; `eos` SiliconFlow's and Hugging Face's; `sensitive` Zhipu's.
_MEANINGS: Final[Mapping[str, FinishReason]] = {
    **dict.fromkeys(
        (
            *(
                "stop",
                "eos",
                "eostoken",
                "endturn",
                "stopsequence",
                "stoptoken",
                "stopstring",
                "complete",
                "completed",
            ),
            *(
                "end",
                "endoftext",
                "endofturn",
                "done",
                "finish",
                "finished",
                "success",
                "succeeded",
                "normal",
            ),
        ),
        "stop",
    ),
    **dict.fromkeys(
        (
            *(
                "length",
                "maxtokens",
                "maxlength",
                "maxoutputtokens",
                "maxcompletiontokens",
                "maxnewtokens",
                "truncated",
            ),
            *(
                "tokenlimit",
                "tokenlimitreached",
                "modellength",
                "lengthlimit",
                "maxtokensreached",
                "incomplete",
            ),
            *("modelcontextwindowexceeded", "contextlengthexceeded", "contextlength", "outputlimit"),
        ),
        "length",
    ),
    **dict.fromkeys(
        (
            *(
                "contentfilter",
                "contentfiltered",
                "guardrailintervened",
                "guardrail",
                "safety",
                "sensitive",
                "refusal",
            ),
            *(
                "recitation",
                "blocklist",
                "blocked",
                "prohibitedcontent",
                "spii",
                "moderation",
                "contentpolicy",
            ),
            *("errortoxic", "imagesafety", "riskcontrol"),
        ),
        "content_filter",
    ),
}

_logged: set[tuple[str, str]] = set()
_MOST_LOGGED = 1_000


def plain_reason(value: object) -> str:
    """The reason in small letters and nothing else: `MAX_TOKENS`, `maxTokens` and `max-tokens` are the same."""
    if isinstance(value, Mapping):
        value = value.get("type") or value.get("reason")
    name = re.sub(r"[^a-z]", "", value[:100].lower()) if isinstance(value, str) else ""
    name = name.removeprefix("finishreason").removeprefix("stopreason")
    return "" if name in ("null", "none", "unspecified", "unknown") else name


def meaning_of(value: object, *, provider: str) -> FinishReason:
    """`unknown` where nothing was said, or something that nobody knows, which is logged once."""
    name = plain_reason(value)
    if name in _MEANINGS:
        return _MEANINGS[name]
    if name and (provider, name) not in _logged and len(_logged) < _MOST_LOGGED:
        _logged.add((provider, name))
        log.warning("provider.finish_reason_unknown", provider=provider, reason=name)
    return "unknown"
