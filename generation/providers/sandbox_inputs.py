"""Magic inputs of the sandbox: words within a request, `[[sandbox:NAME]]`, that produce failures on purpose."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from generation.providers import base
from generation.providers.base import ProviderError

MARKER = re.compile(r"\s?\[\[sandbox:([a-z-]+)(?:=(\d{1,4}(?:\.\d{1,3})?))?\]\]")


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    message: str
    retryable: bool
    charged: bool | None

    def error(
        self, provider: str, *, ref: str | None = None, retry_after: float | None = None
    ) -> ProviderError:
        return ProviderError(
            self.code,
            self.message,
            retryable=self.retryable,
            charged=self.charged,
            provider=provider,
            provider_ref=ref,
            retry_after=retry_after,
        )


#: What every kind of provider may do instead of an answer.
FAILURES = {
    "rate-limit": Failure(base.RATE_LIMITED, "The sandbox plays a rate limit.", True, False),
    "overloaded": Failure(base.OVERLOADED, "The sandbox plays an overload.", True, False),
    "down": Failure(base.CONNECTION_LOST, "The sandbox plays a refused connection.", True, False),
    "auth": Failure(base.AUTH_FAILED, "The sandbox plays a refused key.", False, False),
    "no-quota": Failure(base.QUOTA_EXHAUSTED, "The sandbox plays a used up balance.", False, False),
    "moderated": Failure(base.CONTENT_REFUSED, "The sandbox plays a moderation.", False, False),
    "lost": Failure(base.CONNECTION_LOST, "The sandbox plays a lost connection.", True, None),
}
SILENCE = Failure(base.TIMEOUT, "The sandbox plays a timeout.", True, None)


def effects_of(text: str, *, known: Collection[str], attempt: int, provider: str) -> dict[str, str]:
    """The inputs in the text that take effect, with their values. Raises `ProviderError` for an unknown name, so that
    a misspelt one doesn't pass for a success."""
    effects = {}
    for name, value in MARKER.findall(text):
        effect = name.removesuffix("-once")
        if effect not in known:
            message = f"The sandbox has no input {name!r}."
            raise Failure(base.BAD_REQUEST, message, False, False).error(provider)
        if effect == name or attempt == 1:
            effects[effect] = value
    return effects


def failure_of(
    failures: dict[str, Failure], effects: dict[str, str], provider: str, ref: str | None = None
) -> ProviderError | None:
    """The first failure that is asked for."""
    for name, failure in failures.items():
        if name in effects:
            wait = float(effects[name] or 1) if failure.code == base.RATE_LIMITED else None
            return failure.error(provider, ref=None if failure.charged is False else ref, retry_after=wait)
    return None
