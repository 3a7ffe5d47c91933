"""What every adapter shares: tokens used and the one error an adapter raises.

Adapters know no model, no user and no product. They take and return frozen dataclasses and raise
`ProviderError` and nothing else, so the job engine decides about retry, fallback and money from three facts
alone: `retryable`, `charged` and `allows_fallback`.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_REFERENCE = 200
#: So many characters of a secret, one after the other, give too much of it away.
TELLING = 16

RATE_LIMITED = "PROVIDER_RATE_LIMITED"
OVERLOADED = "PROVIDER_OVERLOADED"
UNAVAILABLE = "PROVIDER_UNAVAILABLE"
TIMEOUT = "PROVIDER_TIMEOUT"
TOO_SLOW = "PROVIDER_TOO_SLOW"
CONNECTION_LOST = "PROVIDER_CONNECTION_LOST"
AUTH_FAILED = "PROVIDER_AUTH_FAILED"
QUOTA_EXHAUSTED = "PROVIDER_QUOTA_EXHAUSTED"
MODEL_NOT_FOUND = "PROVIDER_MODEL_NOT_FOUND"
BAD_REQUEST = "PROVIDER_BAD_REQUEST"
CONTEXT_TOO_LONG = "PROVIDER_CONTEXT_TOO_LONG"
CONTENT_REFUSED = "PROVIDER_CONTENT_REFUSED"
IMAGES_REFUSED = "PROVIDER_IMAGES_REFUSED"
BAD_ANSWER = "PROVIDER_BAD_ANSWER"
ADDRESS_REFUSED = "PROVIDER_ADDRESS_REFUSED"

CODES: frozenset[str] = frozenset(
    {
        RATE_LIMITED,
        OVERLOADED,
        UNAVAILABLE,
        TIMEOUT,
        TOO_SLOW,
        CONNECTION_LOST,
        AUTH_FAILED,
        QUOTA_EXHAUSTED,
        MODEL_NOT_FOUND,
        BAD_REQUEST,
        CONTEXT_TOO_LONG,
        CONTENT_REFUSED,
        IMAGES_REFUSED,
        BAD_ANSWER,
        ADDRESS_REFUSED,
    }
)

_FALLBACK_CODES = frozenset(
    {
        RATE_LIMITED,
        OVERLOADED,
        UNAVAILABLE,
        TIMEOUT,
        TOO_SLOW,
        CONNECTION_LOST,
        AUTH_FAILED,
        QUOTA_EXHAUSTED,
        MODEL_NOT_FOUND,
        IMAGES_REFUSED,
    }
)


class Secret(str):
    """A text that reports of errors, which show local variables and attributes, don't show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"


def reference(value: object, *secrets: str) -> str | None:
    """A vendor's name for a call, fit to be stored and shown; None when it has none, or one that repeats a secret, or
    a part of one that tells too much."""
    if not isinstance(value, str) or any(repeats(value, secret) for secret in secrets):
        return None
    return "".join(filter(str.isprintable, value))[:MAX_REFERENCE] or None


def repeats(text: str, secret: str) -> bool:
    """Whether `TELLING` characters of the secret stand in the text; of a shorter one, all of it."""
    size = min(len(secret), TELLING)
    return bool(size) and any(secret[start : start + size] in text for start in range(len(secret) - size + 1))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls.

    `cached_tokens` is the part of `input_tokens` read from the vendor's cache, `reasoning_tokens` the part of
    `output_tokens` spent on thoughts. `is_estimate` is true as soon as one summand was not counted by the
    vendor.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    is_estimate: bool = False

    def __add__(self, other: Usage) -> Usage:
        if not isinstance(other, Usage):
            return NotImplemented
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            is_estimate=self.is_estimate or other.is_estimate,
        )


class ProviderError(Exception):
    """A call to a vendor that brought no usable answer.

    - `code`: one of `CODES`.
    - `message`: a sentence of ours in English, never the vendor's raw answer, never a secret.
    - `retryable`: the same request may succeed later at the same provider.
    - `charged`: False = certainly not charged, True = charged, None = unknown (the vendor may have accepted
      the request: a timeout after sending, a connection lost after acceptance).
    - `retry_after`: seconds the vendor asked us to wait, already capped.
    - `usage`: what was counted although the answer was useless.
    - `raw`: an answer that nobody could read, for staff; shortened, and without the key.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retryable: bool,
        charged: bool | None,
        provider: str = "",
        provider_ref: str | None = None,
        retry_after: float | None = None,
        usage: Usage | None = None,
        raw: str = "",
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.charged = charged
        self.provider = provider
        self.provider_ref = provider_ref
        self.retry_after = retry_after
        self.usage = usage
        self.raw = raw

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __repr__(self) -> str:
        return (
            f"ProviderError({self.code!r}, {self.message!r}, retryable={self.retryable}, "
            f"charged={self.charged}, provider={self.provider!r})"
        )

    @property
    def allows_fallback(self) -> bool:
        """Whether another provider may be asked the same thing at once.

        True when the fault is this provider's (rate limit, overload, outage, key, quota, missing model, images that
        its model doesn't read, refused connection) and it certainly charged nothing; False for moderation and bad
        requests, which fail everywhere, for an unknown outcome, which might be bought twice, and for an address that is
        refused: whoever named a server of his own must learn of it, not have his words sent elsewhere.
        """
        return self.charged is False and self.code in _FALLBACK_CODES


class BusyError(ProviderError):
    """The vendor works on as many of our orders as it takes at once. Nothing was ordered and nothing is wrong: it is
    asked again when one of them is done."""

    def __init__(self, provider: str, *, retry_after: float = 20.0) -> None:
        super().__init__(
            RATE_LIMITED,
            "The provider takes no more orders until one is done.",
            retryable=True,
            charged=False,
            provider=provider,
            retry_after=retry_after,
        )


class TooLongError(ProviderError):
    """The words are longer than this vendor takes of an order. Nothing was sent, and another vendor may take more."""

    def __init__(self, provider: str) -> None:
        super().__init__(
            CONTEXT_TOO_LONG,
            "The words are longer than the provider takes.",
            retryable=False,
            charged=False,
            provider=provider,
        )

    @property
    def allows_fallback(self) -> bool:
        return True
