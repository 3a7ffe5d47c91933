"""Copies what was made from the link that a vendor gives: through the egress guard, as an answer may name any
address."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from config.egress import calls
from config.egress.errors import EgressError, EgressRefusedError, EgressTooLargeError
from config.egress.limits import Limits
from generation.providers import base
from generation.providers.base import ProviderError

#: Answers after which the same link may bring the file later.
_PASSING = frozenset({408, 425, 429})

#: The status and the content that a link of the sandbox's leads to, no more than a byte too much: `behind(link, most)`.
Behind = Callable[[str, int], tuple[int, bytes]]


def copy_link(
    url: str, into: BinaryIO, *, what: str, provider: str, limits: Limits, behind: Behind | None = None
) -> None:
    """Write what is behind the link; nobody has looked at it. `what` was made, as errors call it.

    Raises `ProviderError`, always charged, as it was made: `retryable` where the link may still bring it, final where
    it has expired, leads elsewhere, or brings too much.
    """
    try:
        status = _copy(url, into, limits, behind)
    except EgressError as error:
        may_come = not isinstance(error, EgressRefusedError | EgressTooLargeError)
        failure = not_copied(f"The {what} can't be copied: {error.code}.", provider, may_come=may_come)
    else:
        if status == 200:
            return
        may_come = status >= 500 or status in _PASSING
        failure = not_copied(f"The link to the {what} answers {status}.", provider, may_come=may_come)
    # Outside the handler, so that no exception that knows the link hangs on it.
    raise failure


def not_copied(message: str, provider: str, *, may_come: bool = False) -> ProviderError:
    """It was made and paid for, and nobody can use it."""
    return ProviderError(base.BAD_ANSWER, message, retryable=may_come, charged=True, provider=provider)


def _copy(url: str, into: BinaryIO, limits: Limits, behind: Behind | None) -> int:
    """The status. Raises `EgressError`."""
    if behind is None:
        return calls.copy(url, into, limits=limits)
    status, content = behind(url, limits.max_bytes)
    if len(content) > limits.max_bytes:
        raise EgressTooLargeError(limit=limits.max_bytes)
    into.write(content)
    return status
