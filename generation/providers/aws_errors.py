"""From a failure of AWS to a `ProviderError`: the codes of its services, and what botocore raises around them.

Codes and their meaning: docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html. AWS bills
the tokens of answers; a request that was refused, throttled or that no machine took has none. A model that failed or
took too long had begun to work, and no document says what that costs: unknown.

Transport (botocore 1.44 over urllib3, from their source): `EndpointConnectionError`, `ConnectTimeoutError` and
`ProxyConnectionError` come before anything is sent. A `ConnectionClosedError` or a time-out of reading may have
followed an accepted request, and so may an `SSLError`, which is raised by the handshake and by later reads alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from generation.providers import base, retry, rules
from generation.providers.base import ProviderError
from generation.providers.rules import Rule

_MODEL_TIMEOUT = Rule(base.TIMEOUT, "The model took longer than the provider lets it.", True, None)
_MODEL_FAILED = Rule(base.UNAVAILABLE, "The model failed while answering.", True, None)
_UNREADABLE = Rule(base.BAD_ANSWER, "The provider's answer cannot be read.", True, None)

AWS_CODES: Mapping[str, Rule] = {
    # who asks
    "accessdeniedexception": rules.AUTH,
    "expiredtoken": rules.AUTH,
    "expiredtokenexception": rules.AUTH,
    "ftuformnotfilled": rules.AUTH,
    "incompletesignature": rules.AUTH,
    "invalidclienttokenid": rules.AUTH,
    "invalidsignatureexception": rules.AUTH,
    "missingauthenticationtoken": rules.AUTH,
    "notauthorized": rules.AUTH,
    "optinrequired": rules.AUTH,
    "requestexpired": rules.AUTH,
    "unrecognizedclientexception": rules.AUTH,
    # how much
    "servicequotaexceededexception": rules.RATE_LIMITED,
    "throttlingexception": rules.RATE_LIMITED,
    "toomanyrequestsexception": rules.RATE_LIMITED,
    # what
    "resourcenotfoundexception": rules.NO_MODEL,
    "validationerror": rules.BAD_REQUEST,
    "validationexception": rules.BAD_REQUEST,
    # the service and the model
    "internalfailure": rules.FAILED,
    "internalserverexception": rules.FAILED,
    "modelerrorexception": _MODEL_FAILED,
    "modelnotreadyexception": rules.OVERLOADED,
    "modelstreamerrorexception": _MODEL_FAILED,
    "modeltimeoutexception": _MODEL_TIMEOUT,
    "serviceunavailable": rules.OVERLOADED,
    "serviceunavailableexception": rules.OVERLOADED,
}
"""In lower case: a stream spells them `modelStreamErrorException`."""

# `ValidationException` and `AccessDeniedException` may be about anything.
AWS_MESSAGES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"too long|too many (input )?tokens|context (window|length)", re.IGNORECASE), rules.TOO_LONG),
    (
        re.compile(r"model identifier is invalid|on-demand throughput|end of (its|life)", re.IGNORECASE),
        rules.NO_MODEL,
    ),
    (re.compile(r"operation not allowed", re.IGNORECASE), rules.AUTH),
    (re.compile(r"INVALID_PAYMENT_INSTRUMENT"), rules.QUOTA),
    (re.compile(r"content (filter|polic)|responsible ai", re.IGNORECASE), rules.REFUSED),
)
_VAGUE = frozenset({"accessdeniedexception", "validationerror", "validationexception"})
_EXAMINED = 2_000

AWS_TRANSPORT: Mapping[str, Rule] = {
    "EndpointConnectionError": rules.NOT_CONNECTED,
    "ProxyConnectionError": rules.NOT_CONNECTED,
    "ConnectTimeoutError": rules.CONNECT_TIMEOUT,
    "ReadTimeoutError": rules.READ_TIMEOUT,
    "ResponseParserError": _UNREADABLE,
    "ParamValidationError": rules.NOT_SENDABLE,
    "CredentialRetrievalError": rules.AUTH,
    "NoAuthTokenError": rules.AUTH,
    "NoCredentialsError": rules.AUTH,
    "PartialCredentialsError": rules.AUTH,
    "SSOError": rules.AUTH,
    "TokenRetrievalError": rules.AUTH,
    "EndpointProviderError": rules.NO_WAY,
    "InvalidRegionError": rules.NO_WAY,
    "NoRegionError": rules.NO_WAY,
}
"""By the name of the exception's class, so that nothing heavy is imported. Others: connection lost."""


def aws_error(
    error: BaseException, *, provider: str, secrets: Sequence[str] = (), is_streaming: bool = False
) -> ProviderError:
    """The error for whatever boto3 raised; it never shows one of `secrets`. `is_streaming`: the answer had begun, so
    the charge is unknown."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        return _refusal(response, provider, secrets, is_streaming=is_streaming)
    names = (cls.__name__ for cls in type(error).__mro__)
    rule = next((AWS_TRANSPORT[name] for name in names if name in AWS_TRANSPORT), rules.CONNECTION_LOST)
    return (rule.after_acceptance() if is_streaming else rule).error(provider)


def _refusal(
    response: Mapping[str, object], provider: str, secrets: Sequence[str], *, is_streaming: bool
) -> ProviderError:
    """The error for an error object of AWS, which is only looked at, never passed on."""
    about, meta = _mapping(response.get("Error")), _mapping(response.get("ResponseMetadata"))
    status = meta.get("HTTPStatusCode")
    rule = _rule(
        str(about.get("Code", "")), str(about.get("Message", "")), status if isinstance(status, int) else 0
    )
    named = base.reference(meta.get("RequestId"), *secrets)
    if is_streaming:
        return rule.after_acceptance().error(provider, provider_ref=named)
    headers = {name.lower(): str(value) for name, value in _mapping(meta.get("HTTPHeaders")).items()}
    wait = retry.parse_retry_after(headers) if rule.retryable else None
    return rule.error(provider, provider_ref=named, retry_after=wait)


def _rule(code: str, message: str, status: int) -> Rule:
    rule = AWS_CODES.get(code.lower())
    if rule is None:
        # No code of AWS: a gateway's page on the way there, whose status botocore takes for the code.
        return retry.status_rule(status)
    if code.lower() in _VAGUE:
        text = message[:_EXAMINED]
        return next((found for pattern, found in AWS_MESSAGES if pattern.search(text)), rule)
    return rule


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
