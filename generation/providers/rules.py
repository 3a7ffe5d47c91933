"""What failures mean, whichever vendor has them: the rows that the tables of `retry` and `aws_errors` point to.

Two questions decide about money, so every row answers them: may the request be repeated, and was it charged?
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from generation.providers import base
from generation.providers.base import ProviderError


@dataclass(frozen=True, slots=True)
class Rule:
    """What a failure means. `charged` as in `ProviderError`."""

    code: str
    message: str
    retryable: bool
    charged: bool | None

    def error(
        self, provider: str, *, provider_ref: str | None = None, retry_after: float | None = None
    ) -> ProviderError:
        return ProviderError(
            self.code,
            self.message,
            retryable=self.retryable,
            charged=self.charged,
            provider=provider,
            provider_ref=provider_ref,
            retry_after=retry_after,
        )

    def after_acceptance(self) -> Rule:
        """The same failure after the request was accepted: what it cost is unknown."""
        return replace(self, charged=None)


RATE_LIMITED = Rule(base.RATE_LIMITED, "The provider limits our request rate.", True, False)
OVERLOADED = Rule(base.OVERLOADED, "The provider is overloaded.", True, False)
FAILED = Rule(base.UNAVAILABLE, "The provider failed while answering.", True, False)
UNREACHABLE = Rule(base.UNAVAILABLE, "The provider cannot be reached.", True, False)
GATEWAY_LOST = Rule(base.UNAVAILABLE, "A gateway lost the provider; it may have gone on.", True, None)
GATEWAY_TIMEOUT = Rule(base.TIMEOUT, "A gateway gave up waiting; the provider may have gone on.", True, None)
NOT_RECEIVED = Rule(base.TIMEOUT, "The provider did not receive the whole request in time.", True, False)
CONFLICT = Rule(base.UNAVAILABLE, "The provider is busy with a conflicting request.", True, False)
REDIRECTED = Rule(base.UNAVAILABLE, "The provider's address redirects, which is not followed.", False, False)
AUTH = Rule(base.AUTH_FAILED, "The provider refuses our key, or this account or region.", False, False)
FORBIDDEN = Rule(
    base.UNAVAILABLE, "The provider's address refuses requests without saying why.", False, False
)
NO_KEY = Rule(base.AUTH_FAILED, "The key holds characters that no key has.", False, False)
QUOTA = Rule(base.QUOTA_EXHAUSTED, "The account at the provider has no balance or quota left.", False, False)
NO_MODEL = Rule(base.MODEL_NOT_FOUND, "The provider has no such model or address.", False, False)
BAD_REQUEST = Rule(base.BAD_REQUEST, "The provider does not accept the request.", False, False)
NO_IMAGES = Rule(base.IMAGES_REFUSED, "The model takes no images, or not this one.", False, False)
TOO_LONG = Rule(base.CONTEXT_TOO_LONG, "The request is longer than the model's context.", False, False)
REFUSED = Rule(base.CONTENT_REFUSED, "The provider's moderation refuses the content.", False, False)
CONNECTION_LOST = Rule(base.CONNECTION_LOST, "The connection broke after the request was sent.", True, None)
NOT_CONNECTED = Rule(base.CONNECTION_LOST, "No connection to the provider.", True, False)
CONNECT_TIMEOUT = Rule(base.TIMEOUT, "The provider did not take the connection in time.", True, False)
POOL_TIMEOUT = Rule(base.TIMEOUT, "All connections to the provider stayed in use.", True, False)
WRITE_TIMEOUT = Rule(base.TIMEOUT, "The request could not be sent in time.", True, False)
READ_TIMEOUT = Rule(base.TIMEOUT, "The provider did not answer in time.", True, None)
TOO_SLOW = Rule(base.TOO_SLOW, "The model writes too slowly to finish in time.", False, False)
NO_WAY = Rule(base.UNAVAILABLE, "The provider's address may not be called from here.", False, False)
NOT_SENDABLE = Rule(base.BAD_REQUEST, "The request cannot be sent in this form.", False, False)
ADDRESS_REFUSED = Rule(base.ADDRESS_REFUSED, "This address may not be called from here.", False, False)
NOTHING_MADE = Rule(base.BAD_ANSWER, "The task is done and has nothing that can be used.", False, True)
FORGOTTEN = Rule(base.BAD_ANSWER, "The provider doesn't know the task any more.", False, None)
CANCELLED = Rule(base.UNAVAILABLE, "The task was cancelled.", False, False)
UNREADABLE = Rule(base.BAD_ANSWER, "The provider's answer can't be read.", False, None)
TOO_LARGE = Rule(base.BAD_ANSWER, "The provider's answer is too large.", False, None)
