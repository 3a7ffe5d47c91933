"""Keeps processes running: starts them in order, passes on what they say, restarts, stops."""

from __future__ import annotations

import math
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from launcher.supervisor.console import Console
from launcher.supervisor.processes import Child, ProcessSpec

SUPERVISOR = "atelier"
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
READ_BYTES = 65_536
TAIL_LINES = 20
#: A process that has died so often shows what it said last, once: the lines above are far away by then.
LAST_LINES_AFTER = 5
POLL_SECONDS = 0.1
IDLE_SECONDS = 1.0
PATIENCE_SECONDS = 20.0
DISPENSABLE_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class RestartPolicy:
    """A dead process starts again after a pause that grows with each death, until it has stayed up for
    `calm_seconds`. One that the others can do without is given up after `dispensable_deaths`."""

    dispensable_deaths: int = 3
    calm_seconds: float = 60.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 60.0

    def pause(self, deaths: int) -> float:
        """Seconds to wait after so many deaths in a row."""
        return min(self.first_pause_seconds * 2.0 ** min(deaths - 1, 32), self.longest_pause_seconds)


@dataclass
class Slot:
    """A process as the supervisor sees it over all its restarts."""

    spec: ProcessSpec
    child: Child
    is_up: bool = False
    is_lost: bool = False
    is_renewed: bool = False
    started_at: float = 0.0
    restart_at: float | None = None
    rest: bytes = b""
    deaths: int = 0
    cause: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))


@dataclass(frozen=True)
class Ailing:
    """A process that has died so many times in a row, and how it did lately."""

    name: str
    deaths: int
    cause: str


class Supervisor:
    """Runs `stages` of processes; a stage starts when all of the one before are ready, and stops before it.

    `announce` is called once when the last stage is ready, `report` with those that keep dying whenever one of them
    has died or has calmed down: what is healthy goes on meanwhile. `run` must be called in the main thread, as it
    handles signals. A process with `on_loss` may be lost: the others go on without it. With `bound_to_parent` it also
    ends when the process that started it is gone.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[ProcessSpec]],
        console: Console,
        announce: Callable[[], None] = lambda: None,
        policy: RestartPolicy = RestartPolicy(),
        *,
        report: Callable[[Sequence[Ailing]], None] = lambda ailing: None,
        bound_to_parent: bool = False,
    ) -> None:
        self._stages = [[Slot(spec, Child(spec)) for spec in stage] for stage in stages]
        self._slots = [slot for stage in self._stages for slot in stage]
        self._console = console
        self._announce = announce
        self._policy = policy
        self._report = report
        self._selector = selectors.DefaultSelector()
        self._parent = os.getppid() if bound_to_parent else None
        self._is_asked_to_stop = False
        self._interrupts = 0

    def run(self) -> None:
        """Runs until a stop signal. No process is left behind."""
        restore = self._take_signals()
        try:
            self._start()
            while not self._ending:
                self._pump(IDLE_SECONDS)
        finally:
            try:
                self._stop()
            finally:
                restore()
                self._selector.close()

    @property
    def _ending(self) -> bool:
        orphaned = self._parent is not None and os.getppid() != self._parent
        return self._is_asked_to_stop or self._console.is_closed or orphaned

    # Start

    def _start(self) -> None:
        for stage in self._stages:
            for slot in stage:
                if self._ending:
                    return
                self._launch(slot)
            self._await_ready(stage)
        if not self._ending:
            self._announce()

    def _await_ready(self, stage: Sequence[Slot]) -> None:
        started = time.monotonic()
        complain_at = started + PATIENCE_SECONDS
        waiting = list(stage)
        while not self._ending:
            waiting = [slot for slot in waiting if not slot.is_lost and not self._is_ready(slot)]
            if not waiting:
                return
            if time.monotonic() > complain_at:
                complain_at = math.inf
                names = ", ".join(slot.spec.name for slot in waiting)
                self._console.complain(SUPERVISOR, f"still waiting for {names}")
            if time.monotonic() > started + DISPENSABLE_PATIENCE_SECONDS:
                for slot in waiting:
                    self._lose(slot, f"isn't ready after {DISPENSABLE_PATIENCE_SECONDS:g} s")
            self._pump(POLL_SECONDS)

    def _launch(self, slot: Slot) -> None:
        slot.restart_at = None
        slot.is_renewed = False
        slot.rest = b""
        slot.child.start()
        slot.is_up, slot.started_at = True, time.monotonic()
        os.set_blocking(slot.child.output.fileno(), False)
        self._selector.register(slot.child.output, selectors.EVENT_READ, slot)

    @staticmethod
    def _is_ready(slot: Slot) -> bool:
        return slot.is_up and (slot.spec.is_ready is None or slot.spec.is_ready())

    # While running

    def _pump(self, seconds: float) -> None:
        """Waits for output, a signal or a due restart, at most `seconds`, and deals with it."""
        due = [slot.restart_at for slot in self._slots if slot.restart_at is not None]
        wait = max(0.0, min([seconds, *(moment - time.monotonic() for moment in due)]))
        for key, _ in self._selector.select(wait):
            if isinstance(key.data, Slot):
                self._read(key.data)
            else:
                arrived = os.read(key.fd, 512)
                self._is_asked_to_stop |= any(number in STOP_SIGNALS for number in arrived)
                self._interrupts += arrived.count(signal.SIGINT)
        for slot in self._slots:
            if slot.is_up and not slot.child.is_alive():
                self._bury(slot)
            elif slot.is_up and slot.deaths and self._is_calm(slot):
                self._heal(slot)
            if slot.restart_at is not None and slot.restart_at <= time.monotonic() and not self._ending:
                self._launch(slot)

    def _read(self, slot: Slot) -> bool:
        """Passes on what can be read now; False when nothing can."""
        try:
            data = slot.child.output.read(READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            if data is not None and slot.child.output in self._selector.get_map():
                self._selector.unregister(slot.child.output)
            return False
        *lines, slot.rest = (slot.rest + data).split(b"\n")
        if len(slot.rest) > READ_BYTES:
            lines, slot.rest = [*lines, slot.rest], b""
        for line in lines:
            self._pass_on(slot, line)
        return True

    def _pass_on(self, slot: Slot, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        if not text.strip():
            return
        slot.tail.append(text)
        if not any(words in text for words in slot.spec.hidden):
            self._console.line(slot.spec.name, text)

    def _bury(self, slot: Slot) -> None:
        """Reads the last words of a dead process; unless all is ending, decides whether it starts again."""
        while self._read(slot):
            pass
        if slot.rest:
            self._pass_on(slot, slot.rest)
            slot.rest = b""
        if slot.child.output in self._selector.get_map():
            self._selector.unregister(slot.child.output)
        slot.is_up = False
        if self._ending or slot.is_lost:
            return
        if slot.is_renewed:
            slot.restart_at = time.monotonic()
        else:
            self._mourn(slot, slot.child.wait())

    def _mourn(self, slot: Slot, code: int) -> None:
        if self._is_calm(slot):
            slot.deaths = 0
        slot.deaths += 1
        slot.cause = ended_by(code)
        times = f", {slot.deaths} times now" if slot.deaths > 1 else ""
        if slot.spec.on_loss is not None and slot.deaths >= self._policy.dispensable_deaths:
            self._lose(slot, f"{slot.cause}{times}")
            return
        pause = self._policy.pause(slot.deaths)
        slot.restart_at = time.monotonic() + pause
        self._console.complain(
            slot.spec.name, f"{slot.cause}{times}; starting it again in {pause:g} s. The others go on."
        )
        if slot.deaths == LAST_LINES_AFTER:
            last = (f"  {line}" for line in slot.tail)
            self._console.block("\n".join([f"The last lines of {slot.spec.name}:", *last]))
        self._tell()

    def _is_calm(self, slot: Slot) -> bool:
        """Whether the process has been up for so long that earlier deaths don't count."""
        return time.monotonic() - slot.started_at >= self._policy.calm_seconds

    def _heal(self, slot: Slot) -> None:
        slot.deaths = 0
        self._console.say(slot.spec.name, "stays up again")
        self._tell()

    def _tell(self) -> None:
        self._report([Ailing(slot.spec.name, slot.deaths, slot.cause) for slot in self._slots if slot.deaths])

    def _lose(self, slot: Slot, cause: str) -> None:
        """Goes on without a process that the others can do without; those that relied on it start anew."""
        if slot.spec.on_loss is None:
            return
        slot.is_lost = True
        self._console.complain(slot.spec.name, f"{cause}. Going on without it.")
        slot.child.kill()
        slot.spec.on_loss()
        self._tell()
        place = next(place for place, stage in enumerate(self._stages) if slot in stage)
        for later in (later for stage in self._stages[place + 1 :] for later in stage):
            if later.is_up:
                later.is_renewed = True
                later.child.terminate()

    # Stop

    def _stop(self) -> None:
        if any(slot.is_up for slot in self._slots):
            self._console.say(SUPERVISOR, "stopping (once more Ctrl-C: at once)")
        for stage in reversed(self._stages):
            for slot in stage:
                slot.restart_at = None
                if slot.is_up:
                    slot.child.terminate()
            self._await_end(stage)
        self._console.say(SUPERVISOR, "stopped")

    def _await_end(self, stage: Sequence[Slot]) -> None:
        # Only Ctrl-C counts as impatience: a SIGTERM to the whole group reaches us twice, once through make.
        seen = self._interrupts
        grace = max((slot.spec.grace_seconds for slot in stage), default=0.0)
        deadline = time.monotonic() + grace + POLL_SECONDS * 10
        while any(slot.is_up for slot in stage):
            if self._interrupts > seen or time.monotonic() > deadline:
                for slot in stage:
                    if slot.is_up:
                        slot.child.kill()
            self._pump(POLL_SECONDS)
        for slot in stage:
            slot.child.stop()

    def _take_signals(self) -> Callable[[], None]:
        """Makes signals readable by the selector; returns what puts everything back."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        old_fd = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        # Under nohup a hang-up is ignored, and has to stay so.
        ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
        numbers = {signal.SIGCHLD, *STOP_SIGNALS} - ignored
        old = {number: signal.signal(number, lambda *_: None) for number in numbers}
        self._selector.register(reading, selectors.EVENT_READ)

        def restore() -> None:
            self._selector.unregister(reading)
            signal.set_wakeup_fd(old_fd)
            for number, handler in old.items():
                signal.signal(number, handler)
            os.close(reading)
            os.close(writing)

        return restore


def ended_by(code: int) -> str:
    """In words, how a process ended. `bond.py` passes on signal n as code 128 + n."""
    number = code - 128 if code > 128 else -code
    if code == 0:
        return "ended by itself"
    if number > 0:
        try:
            return f"was ended by {signal.Signals(number).name}"
        except ValueError:
            pass
    return f"failed with exit code {code}"
