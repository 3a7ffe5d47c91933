"""Copies a picture from the link that a vendor gives: through the egress guard, as an answer may name any address."""

from __future__ import annotations

from config.egress import calls
from config.egress.errors import EgressError, EgressRefusedError, EgressTooLargeError
from config.egress.limits import Limits
from config.files.types import picture_type
from generation.providers import base
from generation.providers.base import ProviderError
from generation.providers.image import sandbox

TOTAL_S = 60.0
#: Answers after which the same link may bring the picture later.
_PASSING = frozenset({408, 425, 429})


def download(url: str, *, provider: str, most_bytes: int, total_s: float = TOTAL_S) -> bytes:
    """What is behind the link, which begins like a picture; nobody has looked at the rest of it.

    Raises `ProviderError`, always charged, as the picture was made: `retryable` where the link may still bring it,
    final where it has expired, leads elsewhere, or brings too much or something else.
    """
    try:
        status, content = _read(url, provider, Limits(total_s=total_s, max_bytes=most_bytes))
    except EgressError as error:
        may_come = not isinstance(error, EgressRefusedError | EgressTooLargeError)
        failure = _failure(f"The picture can't be copied: {error.code}.", provider, may_come=may_come)
    else:
        if status == 200 and picture_type(content):
            return content
        may_come = status >= 500 or status in _PASSING
        what = "brings no picture" if status == 200 else f"answers {status}"
        failure = _failure(f"The link to the picture {what}.", provider, may_come=may_come)
    # Outside the handler, so that no exception that knows the link hangs on it.
    raise failure


def _read(url: str, provider: str, limits: Limits) -> tuple[int, bytes]:
    """Raises `EgressError`."""
    if provider == sandbox.NAME and url.startswith(sandbox.LINK):
        status, content = sandbox.behind(url, most_bytes=limits.max_bytes)
        if len(content) > limits.max_bytes:
            raise EgressTooLargeError(limit=limits.max_bytes)
        return status, content
    answer = calls.request("GET", url, limits=limits)
    return answer.status, answer.content


def _failure(message: str, provider: str, *, may_come: bool) -> ProviderError:
    return ProviderError(base.BAD_ANSWER, message, retryable=may_come, charged=True, provider=provider)
