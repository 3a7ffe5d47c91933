"""Waiting that can be given up: whoever starts a long call says when, and what waits below asks now and then.

    with giving_up(lambda: entry.is_cancelled):
        for piece in llm.stream(request): …

Sockets of models (`config.egress.sockets`), the sandbox and Bedrock's client wait this way. It is a variable of the
context, as there are three libraries between who knows and who waits.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import TypeVar

#: How often a wait asks whether it is still wanted.
LOOK_SECONDS = 0.2

T = TypeVar("T")

_question: ContextVar[Callable[[], bool] | None] = ContextVar("giving_up", default=None)


class GivenUpError(Exception):
    """Nobody wants any more what was waited for."""


@contextmanager
def giving_up(is_unwanted: Callable[[], bool]) -> Iterator[None]:
    """What waits in this block ends with GivenUpError soon after `is_unwanted` says so."""
    token = _question.set(is_unwanted)
    try:
        yield
    finally:
        _question.reset(token)


def can_be_given_up() -> bool:
    return _question.get() is not None


def check() -> None:
    """Raises GivenUpError."""
    is_unwanted = _question.get()
    if is_unwanted is not None and is_unwanted():
        raise GivenUpError


def sleep(seconds: float) -> None:
    """Raises GivenUpError."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_SECONDS))
        check()


def in_thread(work: Callable[[], T], *, forget: Callable[[T], object]) -> T:
    """What `work` returns. It can't be interrupted: given up, it is left to itself, and `forget` gets what it brings.

    Raises GivenUpError.
    """
    if not can_be_given_up():
        return work()
    brought: Future[T] = Future()

    def run() -> None:
        try:
            found = work()
        except BaseException as exc:  # noqa: BLE001 — raised where it is waited for
            with suppress(InvalidStateError):
                brought.set_exception(exc)
            return
        try:
            brought.set_result(found)
        except InvalidStateError:
            forget(found)

    threading.Thread(target=run, name="waiting", daemon=True).start()
    while wait([brought], LOOK_SECONDS).not_done:
        try:
            check()
        except GivenUpError:
            if brought.cancel():
                raise
    return brought.result()


def from_thread(items: Callable[[], Iterable[T]]) -> Generator[T]:
    """What `items` gives, for libraries that can't be interrupted: it runs in a thread, which is left to itself when
    nobody wants more, and ends with the next item."""
    if not can_be_given_up():
        yield from items()
        return
    found: SimpleQueue[tuple[bool, T | BaseException | None]] = SimpleQueue()
    is_left = threading.Event()

    def run() -> None:
        try:
            for item in items():
                if is_left.is_set():
                    return
                found.put((True, item))
        except BaseException as exc:  # noqa: BLE001 — raised where it is waited for
            found.put((False, exc))
        else:
            found.put((False, None))

    threading.Thread(target=run, name="waiting", daemon=True).start()
    try:
        while True:
            try:
                is_item, item = found.get(timeout=LOOK_SECONDS)
            except Empty:
                check()
                continue
            if is_item:
                yield item  # type: ignore[misc]
            elif isinstance(item, BaseException):
                raise item
            else:
                return
    finally:
        is_left.set()
