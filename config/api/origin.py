"""Where what is being done comes from: the request that this thread is answering, for whoever keeps a record of it.

Services don't know requests. What they have to write down about one (who asks, from which address, with which
program, under which request id) they find here. In a worker or a command there is none, and `current()` says so.
"""

import ipaddress
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from config.api.addresses import client_address

USER_AGENT_LENGTH = 400
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@dataclass(frozen=True, slots=True)
class Origin:
    """`actor_id` is who is logged in, None for nobody. `ip_address` is None when the server doesn't know it."""

    actor_id: UUID | None = None
    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""


@contextmanager
def answering(asked: HttpRequest) -> Iterator[None]:
    """While the request is answered, what is done comes from it. Costs nothing until somebody asks."""
    token = _request.set(asked)
    try:
        yield
    finally:
        _request.reset(token)


def request() -> HttpRequest | None:
    """The request itself, for what a form isn't told of it."""
    return _request.get()


def here() -> str:
    """What addresses of this server begin with, as the caller has written it; empty where there is no request."""
    asked = _request.get()
    return f"{asked.scheme}://{asked.get_host()}" if asked is not None else ""


def current() -> Origin:
    asked = _request.get()
    if asked is None:
        return Origin()
    return Origin(
        actor_id=getattr(getattr(asked, "user", None), "pk", None),
        ip_address=_stored_address(client_address(asked)),
        user_agent=_readable(asked.META.get("HTTP_USER_AGENT", "")),
        request_id=getattr(asked, "request_id", ""),
    )


def _stored_address(text: str) -> str | None:
    """The address as a database keeps it; None for what is none, such as a port behind it or a proxy's `unknown`."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _readable(header: str) -> str:
    """The header's text: servers hand UTF-8 over as if it were Latin-1."""
    with suppress(UnicodeError):
        header = header.encode("latin-1").decode()
    return CONTROL.sub("", header)[:USER_AGENT_LENGTH]
