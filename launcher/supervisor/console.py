"""What the supervisor writes: each line behind the coloured, padded name of the process that said it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TextIO

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
BOLD, RED, RESET = "\x1b[1m", "\x1b[31m", "\x1b[0m"


def wants_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Colour on a terminal, unless NO_COLOR is set (https://no-color.org) or the terminal is dumb."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class Console:
    """Writes lines to `stream`; `is_closed` once nobody reads them any more (`make run | head`)."""

    def __init__(self, stream: TextIO, names: Sequence[str], *, colour: bool) -> None:
        self._stream = stream
        self._width = max(map(len, names), default=0)
        self._codes = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
        self._colour = colour
        self.is_closed = False

    def line(self, name: str, text: str) -> None:
        """One line that the process `name` has written."""
        label = f"{name:<{self._width}} |"
        if self._colour:
            label = f"\x1b[{self._codes.get(name, 37)}m{label}{RESET}"
        self._write(f"{label} {text}\n")

    def say(self, name: str, text: str) -> None:
        """Something that the supervisor itself says about `name`, in bold."""
        self.line(name, f"{BOLD}{text}{RESET}" if self._colour else text)

    def complain(self, name: str, text: str) -> None:
        """Something that went wrong with `name`, in red."""
        self.line(name, f"{RED}{text}{RESET}" if self._colour else text)

    def block(self, text: str) -> None:
        """Text without a name before it."""
        self._write(f"\n{text}\n\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            self.is_closed = True
