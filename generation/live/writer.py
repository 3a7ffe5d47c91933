"""Shows a text to its readers while it is written, and keeps it.

    writer = LiveWriter(message.pk, run.job.attempt, checkpoint)
    try:
        answer = run.chat("reply", request, feature=…, on_delta=writer.on_delta)
    finally:
        writer.close()

What comes is grouped: the first piece at once, then one piece of all that came in a moment, for all texts of a process
together. With the group that a socket makes (`config.egress.sockets`) nothing is later than 50 milliseconds.
`checkpoint(text, reasoning)` writes the row, in the thread that buys, before readers see the first piece, and then
about every second. So an attempt that comes after this one always knows that readers have seen something.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import structlog
from django.db import DatabaseError

from config.db import release_connection
from generation.domain.characters import whole_end
from generation.jobs.attempts import AttemptLostError
from generation.live import pieces
from generation.live.pieces import Piece
from generation.providers.llm.answer_text import storable
from generation.providers.llm.base import ChatDelta

log = structlog.get_logger(__name__)

GROUP_SECONDS = 0.015
CHECKPOINT_SECONDS = 0.8
RENEW_SECONDS = 30.0


class LiveWriter:
    """One attempt at one text.

    `checkpoint` returns False when the row isn't this attempt's any more; `on_delta` then raises `AttemptLostError`.
    """

    def __init__(self, id: UUID, attempt: int, checkpoint: Callable[[str, str], bool]) -> None:
        self._key = (id, attempt)
        self._checkpoint = checkpoint
        self._lock = threading.Lock()
        self._text = _Growing()
        self._reasoning = _Growing()
        self._outbox: list[Piece] = []
        self._began: float | None = None
        self._is_begun = False
        self._is_closed = False
        self._kept = (0, 0)
        self._checkpoint_due = 0.0
        #: For the pulse: when to say that this text is written still.
        self.renew_due = 0.0

    @property
    def text(self) -> str:
        """All that came."""
        with self._lock:
            return self._text.everything

    @property
    def reasoning(self) -> str:
        with self._lock:
            return self._reasoning.everything

    @property
    def began(self) -> float | None:
        """When the first piece of the text came, by the monotonic clock."""
        return self._began

    def on_delta(self, delta: ChatDelta) -> None:
        """Take a piece; an empty one gives the occasion to keep what came before it."""
        with self._lock:
            if delta.text:
                self._text.add(storable(delta.text))
            if delta.reasoning:
                self._reasoning.add(storable(delta.reasoning))
        now = time.monotonic()
        if delta.text and self._began is None:
            self._began = now
        if now >= self._checkpoint_due:
            self._keep()
        if self._is_begun and (delta.text or delta.reasoning):
            _pulse.tell()

    def close(self) -> None:
        """Keep and show the rest, and that it is the last. The row says what became of the text."""
        with suppress(
            AttemptLostError
        ):  # what ended the text, if anything did, is what its job is to hear of
            self._keep(is_last=True)
        self._is_closed = True
        self._begin()
        _pulse.tell()

    def _keep(self, *, is_last: bool = False) -> None:
        """Write the row. It ends where a piece ends, so that who begins with the row can go on with the next piece."""
        with self._lock:
            self._cut(is_last=is_last)
            reached = (self._text.position, self._reasoning.position)
            if reached == self._kept:
                return
            text, reasoning = self._text.shown, self._reasoning.shown
        try:
            is_ours = self._checkpoint(text, reasoning)
            release_connection()
        except DatabaseError as exc:  # it comes again with the next piece, or the end
            log.warning("live.not_kept", error=type(exc).__name__)
            return
        if not is_ours:
            raise AttemptLostError
        self._kept = reached
        self._checkpoint_due = time.monotonic() + CHECKPOINT_SECONDS
        self._begin()

    def _begin(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            _pulse.add(self)

    def _cut(self, *, is_last: bool = False) -> None:
        """Put what came since the last piece into a piece. Under the lock."""
        position, text = self._text.cut(is_last)
        reasoning_position, reasoning = self._reasoning.cut(is_last)
        if text or reasoning:
            self._outbox.append(Piece(position, text, reasoning_position, reasoning))
        if is_last:
            end = Piece(self._text.position, "", self._reasoning.position, "", is_last=True)
            self._outbox.append(end)

    def flush(self) -> tuple[list[Piece], bool]:
        """What is to be shown now, and whether that was all. For the pulse only."""
        with self._lock:
            if not self._is_closed:
                self._cut()
            outbox, self._outbox = self._outbox, []
            return outbox, self._is_closed

    @property
    def key(self) -> pieces.Key:
        return self._key

    @property
    def is_waiting(self) -> bool:
        return bool(self._outbox or self._text.is_waiting or self._reasoning.is_waiting)

    @property
    def is_closed(self) -> bool:
        return self._is_closed


class _Growing:
    """A text in the order it comes: what was cut into pieces, and what waits."""

    __slots__ = ("_shown", "_waiting", "position")

    def __init__(self) -> None:
        self.position = 0
        self._shown: list[str] = []
        self._waiting: list[str] = []

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    @property
    def shown(self) -> str:
        return "".join(self._shown)

    @property
    def everything(self) -> str:
        return "".join([*self._shown, *self._waiting])

    def add(self, text: str) -> None:
        if text:
            self._waiting.append(text)

    def cut(self, is_last: bool) -> tuple[int, str]:
        """The place and text of the next piece, which ends with a whole character unless it is the last."""
        position, waiting = self.position, "".join(self._waiting)
        end = len(waiting) if is_last else whole_end(waiting)
        piece, rest = waiting[:end], waiting[end:]
        self._waiting = [rest] if rest else []
        if piece:
            self._shown.append(piece)
            self.position += len(piece)
        return position, piece


class _Pulse:
    """The thread of this process that shows what its writers have. It lives while there are some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writers: set[LiveWriter] = set()
        self._news = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, writer: LiveWriter) -> None:
        with self._lock:
            self._writers.add(writer)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live-text", daemon=True)
                self._thread.start()
        self._news.set()

    def tell(self) -> None:
        if not self._news.is_set():
            self._news.set()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            with self._lock:
                waiting = [one for one in self._writers if one.is_waiting or one.is_closed]
            self._flush(waiting)
            with self._lock:
                if not self._writers:
                    self._thread = None
                    return
            time.sleep(GROUP_SECONDS)

    def _flush(self, writers: list[LiveWriter]) -> None:
        batch: list[tuple[pieces.Key, Piece]] = []
        now = time.monotonic()
        renewed = [one for one in writers if one.renew_due <= now]
        for writer in renewed:
            writer.renew_due = now + RENEW_SECONDS
        for writer in writers:
            outbox, is_over = writer.flush()
            batch += [(writer.key, piece) for piece in outbox]
            if is_over:
                with self._lock:
                    self._writers.discard(writer)
        if batch:
            pieces.write(batch, renew=[one.key for one in renewed])


_pulse = _Pulse()
