"""A Redis cache that forgets instead of failing: throttles and caches must not take the API down with the broker."""

from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class SafeRedisCache(RedisCache):
    """Answers like an empty cache while Redis can't be reached."""

    def _safely(self, name: str, fallback: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except (RedisError, OSError) as exc:
            log.warning("cache.unreachable", operation=name, error=type(exc).__name__)
            return fallback

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
