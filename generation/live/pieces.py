"""Pieces of texts that are being written, in Valkey: one stream for each attempt at a text.

An entry's id is the place of its piece, `<characters before it>-<characters of reasoning before it, plus one>`: places
never go back, and a reader that has so many characters asks for what comes after them without knowing more. Nothing
depends on what is here. It may be gone at any time; the rows then say the same, a little later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config.outages import Outage

log = structlog.get_logger(__name__)

#: Whose text, and in which attempt of its job.
Key = tuple[UUID, int]
#: How many characters a reader has, and how many of the reasoning.
Cursor = tuple[int, int]

#: Who is waited for this long isn't there.
PATIENCE_SECONDS = 0.5
#: After a failure nothing is written for so long.
PAUSE_SECONDS = 1.0
#: How long a text stays when nobody renews it, and after its end, when its row has it.
LIFE_SECONDS, AFTERLIFE_SECONDS = 600, 60

outage = Outage(PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Piece:
    """What comes after so many characters of the text, and of the reasoning. The last one of an attempt says so."""

    position: int
    text: str
    reasoning_position: int = 0
    reasoning: str = ""
    is_last: bool = False


def is_there() -> bool:
    """Whether there is a broker at all."""
    return bool(settings.REDIS_URL)


def write(batch: Iterable[tuple[Key, Piece]], *, renew: Iterable[Key] = ()) -> None:
    """Show the pieces to whoever reads, and have those of `renew` stay on. Never fails: the rows say the same.

    All at once, so that one reading brings them all.
    """
    if not is_there() or outage.lasts:
        return
    try:
        with _client(settings.REDIS_URL).pipeline(transaction=True) as pipe:
            lives = dict.fromkeys(map(_name, renew), LIFE_SECONDS)
            for key, piece in batch:
                name = _name(key)
                fields: dict[Any, Any] = {b"t": piece.text}
                if piece.reasoning:
                    fields[b"r"] = piece.reasoning
                if piece.is_last:
                    fields[b"e"] = b"1"
                    lives[name] = AFTERLIFE_SECONDS
                pipe.xadd(name, fields, id=f"{piece.position}-{piece.reasoning_position + 1}")
            for name, seconds in lives.items():
                pipe.expire(name, seconds)
            pipe.execute()
    except (RedisError, OSError) as exc:
        outage.begin()
        log.warning("live.not_shown", error=type(exc).__name__)
    else:
        outage.end()


def read(cursors: Mapping[Key, Cursor], *, wait_ms: int | None = None) -> dict[Key, list[Piece]]:
    """What lies behind the cursors, after at most `wait_ms`; without it, at once and empty where nothing answers.

    Raises RedisError and OSError to who waits.
    """
    if not cursors or not is_there():
        return {}
    names = {_name(key): key for key in cursors}
    asked: Any = {name: "{}-{}".format(*cursors[key]) for name, key in names.items()}
    try:
        answer: Any = _client(settings.REDIS_URL).xread(asked, block=wait_ms)
    except (RedisError, OSError) as exc:
        if wait_ms is not None:
            raise
        log.warning("live.unreadable", error=type(exc).__name__)
        return {}
    return {names[name.decode()]: [_piece(*entry) for entry in entries] for name, entries in answer or ()}


def _piece(place: bytes, fields: Mapping[bytes, bytes]) -> Piece:
    position, _, reasoning_position = place.partition(b"-")
    return Piece(
        int(position),
        fields[b"t"].decode(),
        int(reasoning_position) - 1,
        fields.get(b"r", b"").decode(),
        b"e" in fields,
    )


def _name(key: Key) -> str:
    return f"{settings.REDIS_KEY_PREFIX}live:{key[0]}:{key[1]}"


@cache
def _client(url: str) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
