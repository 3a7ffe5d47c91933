"""Rate limits: a fixed window per user or address, counted in the shared cache.

When the cache can't be reached nobody is refused: a limit is there to keep the service up, not to take it down.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from time import time
from typing import Any

from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS, cache, caches
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.api.addresses import address_group, client_address
from config.cache import SafeRedisCache
from config.errors import RateLimitedError


@dataclass(frozen=True, slots=True)
class Window:
    """How many of `limit` are used in the current window, which ends in `reset` seconds."""

    limit: int
    used: int
    reset: float

    @property
    def is_over(self) -> bool:
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        """The `RateLimit-*` fields (draft-ietf-httpapi-ratelimit-headers-03)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(max(1, round(self.reset))),
        }


def count(name: str, limit: int, *, seconds: float | None = None) -> Window:
    """Count one more under `name` in the current window of `seconds`, or of `RATE_LIMIT_WINDOW_MS`."""
    return count_each([name], limit, seconds=seconds)[0]


def count_each(names: Sequence[str], limit: int, *, seconds: float | None = None) -> list[Window]:
    """The same for several at once."""
    seconds = seconds or settings.RATE_LIMIT_WINDOW_MS / 1000
    now = time()
    number = int(now // seconds)
    reset = (number + 1) * seconds - now
    keys = [_key(name, number) for name in names]
    shared = caches[DEFAULT_CACHE_ALIAS]
    if isinstance(shared, SafeRedisCache):
        return [Window(limit, used, reset) for used in shared.count(keys, seconds * 2)]
    return [Window(limit, _counted(key, seconds * 2), reset) for key in keys]


def _counted(key: str, timeout: float) -> int:
    cache.add(key, 0, timeout=timeout)
    try:
        return cache.incr(key)
    except ValueError:  # evicted between the two calls
        return 1


def count_users(user_ids: Sequence[Any]) -> list[Window | None]:
    """Count a request of each of these users; None: no limit."""
    limit = settings.RATE_LIMIT_MAX_REQUESTS
    if not limit:
        return [None for _user in user_ids]
    return [*count_each([f"user:{user_id}" for user_id in user_ids], limit)]


def uncount(name: str) -> None:
    """Take one back, e.g. for a log-in that succeeded."""
    key = _key(name, int(time() // (settings.RATE_LIMIT_WINDOW_MS / 1000)))
    try:
        cache.incr(key, -1)
    except ValueError:  # the window has ended meanwhile
        return


def _key(name: str, number: int) -> str:
    return f"throttle:{name}:{number}"


def count_address(request: HttpRequest) -> Window | None:
    """Count a request without a login, as `RequestThrottle` does, for pages outside of the API; None: no limit."""
    limit = settings.RATE_LIMIT_MAX_REQUESTS
    return count(f"address:{_caller(request)}", limit) if limit else None


class RequestThrottle(BaseThrottle):
    """`RATE_LIMIT_MAX_REQUESTS` per `RATE_LIMIT_WINDOW_MS` for each user, or each address without one; 0: off."""

    def allow_request(self, request: Request, view: Any) -> bool:
        user = getattr(request, "_user", None)
        window = count_users([user.pk])[0] if user else count_address(request._request)
        if window is None:
            return True
        self.window = view.rate_window = window
        return not window.is_over

    def wait(self) -> float:
        return self.window.reset


class AttemptLimit:
    """`LOGIN_LIMIT_MAX_ATTEMPTS` attempts per window under each of the names; 0: off.

    An attempt is counted before it is looked at, so that parallel ones can't slip through, and taken back where only
    failures count.
    """

    def __init__(self, *names: str) -> None:
        self.names = names if self.limit else ()

    @property
    def limit(self) -> int:
        return int(settings.LOGIN_LIMIT_MAX_ATTEMPTS)

    def begin(self) -> None:
        """Raises RateLimitedError."""
        windows = [count(name, self.limit) for name in self.names]
        over = [window.reset for window in windows if window.is_over]
        if over:
            raise RateLimitedError(retry_after=max(over))

    def succeeded(self) -> None:
        for name in self.names:
            uncount(name)


class LoginLimit(AttemptLimit):
    """Guesses at passwords, through whichever door: counted for the account and for the address that they come from.

    `account` names the account in one way for all doors (`accounts.services.login_account`).
    """

    def __init__(self, request: HttpRequest | Request, account: str) -> None:
        hashed = hashlib.sha256(account.encode()).hexdigest()[:32]
        super().__init__(f"login:account:{hashed}", f"login:address:{_caller(request)}")


class AddressLimit(AttemptLimit):
    """Attempts at something that has no account yet, such as opening one: counted for the address."""

    def __init__(self, request: HttpRequest | Request, what: str) -> None:
        super().__init__(f"{what}:address:{_caller(request)}")


def _caller(request: HttpRequest | Request) -> str:
    return address_group(client_address(getattr(request, "_request", request)))
