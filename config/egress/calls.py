"""The ways out: a whole call, a copy of a file, and a transport for an SDK that makes the calls itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from config.egress.errors import (
    EgressError,
    EgressRefusedError,
    EgressTimeoutError,
    EgressUnreachableError,
    Reason,
)
from config.egress.limits import DEFAULT_LIMITS, Limits
from config.egress.resolution import Lookup
from config.egress.urls import CheckedUrl, check_url

if TYPE_CHECKING:
    import httpx2

    from config.egress.transport import GuardedTransport

USER_AGENT = "Atelier"

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class EgressResponse:
    """An answer of any status, redirects included, which are never followed. `headers` ignore case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


def guarded_transport(
    base_url: str | CheckedUrl,
    *,
    limits: Limits = DEFAULT_LIMITS,
    max_connections: int = 10,
    keepalive_s: float = 4.0,
    lookup: Lookup | None = None,
) -> GuardedTransport:
    """A transport for `httpx2.Client` (and so for SDKs that take one) that reaches the host of `base_url` only.

    Connections are kept `keepalive_s` seconds and stay with the address they were checked for. `limits` cap each
    call, whatever time-outs the client asks for; give long streams a long `total_s`. Failures come as exceptions
    of httpx2, with the egress error behind them (`EgressError.behind`). Raises `EgressRefusedError` at once when
    the URL itself is refused.
    """
    from config.egress.transport import GuardedTransport

    return GuardedTransport(
        _checked(base_url),
        limits=limits,
        max_connections=max_connections,
        keepalive_s=keepalive_s,
        lookup=lookup,
    )


def request(
    method: str,
    url: str | CheckedUrl,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    limits: Limits = DEFAULT_LIMITS,
    lookup: Lookup | None = None,
) -> EgressResponse:
    """Make one call on a connection of its own and read the whole answer; raises an `EgressError`.

    For calls that cost nothing: which part of a failed call was paid for is only known to who speaks the vendor's
    protocol over `guarded_transport`.
    """
    return _call(method, url, headers, content, limits, lookup, read=_whole)


def copy(url: str | CheckedUrl, into: BinaryIO, *, limits: Limits, lookup: Lookup | None = None) -> int:
    """GET what may be too large for memory: an answer of status 200 is written as it comes, others aren't. Returns the
    status; raises an `EgressError`, and then a part may have been written."""

    def read(response: httpx2.Response) -> int:
        with closing(response):
            if response.status_code == 200:
                for chunk in response.iter_bytes():
                    into.write(chunk)
            return response.status_code

    return _call("GET", url, None, b"", limits, lookup, read=read)


def _call(
    method: str,
    url: str | CheckedUrl,
    headers: Mapping[str, str] | None,
    content: bytes,
    limits: Limits,
    lookup: Lookup | None,
    *,
    read: Callable[[httpx2.Response], Read],
) -> Read:
    import httpx2

    checked = _checked(url)
    with guarded_transport(checked, limits=limits, max_connections=1, lookup=lookup) as transport:
        try:
            outgoing = httpx2.Request(method, checked.url, headers=headers, content=content)
            outgoing.headers.setdefault("User-Agent", USER_AGENT)
            return read(transport.handle_request(outgoing))
        except UnicodeEncodeError:
            failure: EgressError = EgressRefusedError(Reason.HEADERS)
        except httpx2.RequestError as error:
            failure = _as_egress_error(error)
    # Outside the handler, so that no exception that knows the request's headers hangs on ours.
    raise failure


def _checked(url: str | CheckedUrl) -> CheckedUrl:
    return url if isinstance(url, CheckedUrl) else check_url(url)


def _whole(response: httpx2.Response) -> EgressResponse:
    with closing(response):
        return EgressResponse(response.status_code, response.headers, response.read())


def _as_egress_error(error: httpx2.RequestError) -> EgressError:
    import httpx2

    known = EgressError.behind(error)
    if known is not None:
        return known
    if isinstance(error, httpx2.TimeoutException):
        return EgressTimeoutError()
    if isinstance(error, httpx2.LocalProtocolError):
        return EgressRefusedError(Reason.HEADERS)
    return EgressUnreachableError()
