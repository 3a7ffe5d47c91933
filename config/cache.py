"""A Redis cache that forgets instead of failing: throttles and caches must not take the API down with the broker."""

from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config.outages import Outage

#: A request makes several operations and waits for one that fails at most once, this long.
PATIENCE_SECONDS = 0.5
#: After a failure this process does without for so long.
PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class SafeRedisCache(RedisCache):
    """Answers like an empty cache while Redis can't be reached, and for some seconds after."""

    outage = Outage(PAUSE_SECONDS)

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        limits = {
            "socket_timeout": PATIENCE_SECONDS,
            "socket_connect_timeout": PATIENCE_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        super().__init__(server, {**params, "OPTIONS": {**limits, **params.get("OPTIONS", {})}})

    def _safely(self, name: str, fallback: Any, *args: Any, **kwargs: Any) -> Any:
        if self.outage.lasts:
            return fallback
        try:
            answer = getattr(super(), name)(*args, **kwargs)
        except (RedisError, OSError) as exc:
            self.outage.begin()
            log.warning("cache.unreachable", operation=name, error=type(exc).__name__)
            return fallback
        except ValueError:  # `incr` of what isn't there: an answer, too
            self.outage.end()
            raise
        self.outage.end()
        return answer

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._safely("get", default, key, default, version=version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._safely("set", None, key, value, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._safely("add", True, key, value, *args, **kwargs))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._safely("incr", delta, key, delta, version=version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._safely("delete", False, key, version=version))
