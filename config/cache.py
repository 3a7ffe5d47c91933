"""A Redis cache that forgets instead of failing: throttles and caches must not take the API down with the broker."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config.outages import Outage

#: A request makes several operations and waits for one that fails at most once, this long.
PATIENCE_SECONDS = 0.5
#: After a failure this process does without for so long.
PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


@cache
def _client(*servers: str) -> RedisCacheClient:
    """With the connections of this process: under ASGI each request has a cache of its own, and would connect anew."""
    return RedisCacheClient(
        list(servers),
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class SafeRedisCache(RedisCache):
    """Answers like an empty cache while Redis can't be reached, and for some seconds after."""

    outage = Outage(PAUSE_SECONDS)

    @cached_property
    def _cache(self) -> RedisCacheClient:
        servers: list[str] = vars(self)["_servers"]
        return _client(*servers)

    def _safely(self, work: Callable[..., Any], fallback: Any, *args: Any, **kwargs: Any) -> Any:
        if self.outage.lasts:
            return fallback
        try:
            answer = work(*args, **kwargs)
        except (RedisError, OSError) as exc:
            self.outage.begin()
            log.warning("cache.unreachable", operation=work.__name__, error=type(exc).__name__)
            return fallback
        except ValueError:  # `incr` of what isn't there: an answer, too
            self.outage.end()
            raise
        self.outage.end()
        return answer

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._safely(super().get, default, key, default, version=version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._safely(super().set, None, key, value, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._safely(super().add, True, key, value, *args, **kwargs))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._safely(super().incr, delta, key, delta, version=version))

    def count(self, keys: Sequence[str], seconds: float) -> list[int]:
        """One more under each key, which is forgotten some seconds after its first; all in one trip."""

        def counted() -> list[int]:
            with self._cache.get_client(write=True).pipeline(transaction=False) as pipe:
                for name in map(self.make_and_validate_key, keys):
                    pipe.set(name, 0, ex=int(seconds), nx=True)
                    pipe.incr(name)
                return pipe.execute()[1::2]

        return list(self._safely(counted, [1] * len(keys)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._safely(super().delete, False, key, version=version))
