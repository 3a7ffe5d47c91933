"""From a host name to the addresses that a connection may be made to. Each name is asked once per connection."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import ip_address

from config.egress.addresses import Address
from config.egress.errors import (
    EgressRefusedError,
    EgressTimeoutError,
    EgressUnreachableError,
    Reason,
)
from config.egress.limits import DEFAULT_LIMITS
from config.egress.policy import Policy
from config.egress.urls import CheckedUrl

#: Every address of a host name, IPv4 and IPv6, as texts. Raises `socket.gaierror` as `getaddrinfo` does.
Lookup = Callable[[str], Sequence[str]]

#: A lookup can't be interrupted: one that nobody waits for any more holds a thread until the system gives up.
_LOOKUPS_MAX = 32
_lookups = threading.BoundedSemaphore(_LOOKUPS_MAX)
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


@dataclass(frozen=True, slots=True)
class PinnedAddress:
    """Where to connect for a checked URL: all addresses of its host, each of them allowed, best first."""

    host: str
    port: int
    addresses: tuple[str, ...] = field(repr=False)


def system_lookup(host: str) -> list[str]:
    """What the operating system knows: its hosts file and DNS."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def resolve(
    checked: CheckedUrl, *, within_s: float = DEFAULT_LIMITS.connect_s, lookup: Lookup | None = None
) -> PinnedAddress:
    """Look the host up and check what is found against today's settings.

    One address that isn't allowed refuses the host: a name that leads to the internet and into the house at once
    is an attack or a mistake. No address and a wrong one are the same `EgressRefusedError`. A name server that
    fails raises `EgressUnreachableError`, one that is silent `EgressTimeoutError`.
    """
    texts = (checked.host,) if checked.address else _ask(checked.host, within_s, lookup or system_lookup)
    policy = Policy.current()
    addresses = tuple(dict.fromkeys(_parsed(text) for text in texts))
    if not addresses or not all(policy.allows(address, checked.scheme) for address in addresses):
        raise EgressRefusedError(Reason.ADDRESS)
    return PinnedAddress(checked.host, checked.port, tuple(map(str, addresses)))


def _parsed(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise EgressRefusedError(Reason.ADDRESS) from None


def _ask(host: str, within_s: float, lookup: Lookup) -> Sequence[str]:
    try:
        return _in_time(lambda: lookup(host), within_s)
    except TimeoutError:
        raise EgressTimeoutError from None
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            raise EgressRefusedError(Reason.ADDRESS) from None
        raise EgressUnreachableError from None
    except OSError:
        raise EgressUnreachableError from None


def _in_time(work: Callable[[], Sequence[str]], seconds: float) -> Sequence[str]:
    ends = time.monotonic() + seconds
    if not _lookups.acquire(timeout=max(seconds, 0)):
        raise TimeoutError
    answer: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            answer.set_exception(error)
        finally:
            _lookups.release()

    threading.Thread(target=run, name="egress-lookup", daemon=True).start()
    return answer.result(timeout=max(ends - time.monotonic(), 0))
