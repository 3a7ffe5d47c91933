"""Copies a picture from the link that a vendor gives: through the egress guard, as an answer may name any address."""

from __future__ import annotations

from config.egress import calls
from config.egress.errors import EgressError, EgressRefusedError, EgressTooLargeError
from config.egress.limits import Limits
from generation.providers import base
from generation.providers.base import ProviderError

TOTAL_S = 60.0
#: Answers after which the same link may bring the picture later.
_PASSING = frozenset({408, 425, 429})


def download(url: str, *, provider: str, most_bytes: int) -> bytes:
    """What is behind the link. Raises `ProviderError`, always charged, as the picture was made: `retryable` where the
    link may still bring it, final where it has expired, leads elsewhere or brings too much."""
    try:
        answer = calls.request("GET", url, limits=Limits(total_s=TOTAL_S, max_bytes=most_bytes))
    except (EgressRefusedError, EgressTooLargeError) as error:
        raise _failure(
            f"The link to the picture can't be used: {error.code}.", provider, may_come=False
        ) from None
    except EgressError as error:
        raise _failure(f"The picture can't be copied now: {error.code}.", provider, may_come=True) from None
    if answer.status == 200 and answer.content:
        return answer.content
    may_come = answer.status >= 500 or answer.status in _PASSING
    raise _failure(f"The link to the picture answers {answer.status}.", provider, may_come=may_come)


def _failure(message: str, provider: str, *, may_come: bool) -> ProviderError:
    return ProviderError(base.BAD_ANSWER, message, retryable=may_come, charged=True, provider=provider)
