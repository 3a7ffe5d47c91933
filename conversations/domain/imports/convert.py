"""A program: reads the file at its standard input and writes what it finds, a line of JSON each.

`conversations.services.import_reading` starts it, so that neither the work nor a hostile file holds up or ends a
worker. It knows no Django, so that it starts quickly.
"""

import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from conversations.domain.imports.reading import ConversationFile
from conversations.domain.imports.records import (
    FileError,
    FileReason,
    ImportedConversation,
    ImportedItem,
    RefusedConversation,
)

SECONDS = 900
BYTES = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item of the file, or why it can't be read on; `position` is how many bytes of JSON were read by then."""

    position: int
    conversation: ImportedConversation | None = None
    refused: RefusedConversation | None = None
    failed: FileReason | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def item(self) -> ImportedItem | None:
        return self.conversation or self.refused


def main() -> None:
    encode = msgspec.json.Encoder().encode
    with open(sys.stdin.fileno(), "rb", closefd=False) as file:
        source = ConversationFile(file)
        try:
            for item in source:
                if isinstance(item, ImportedConversation):
                    line = Line(position=source.position, conversation=item)
                else:
                    line = Line(position=source.position, refused=item)
                sys.stdout.buffer.write(encode(line) + b"\n")
        except FileError as exc:
            line = Line(position=source.position, failed=exc.reason, params=exc.params)
            sys.stdout.buffer.write(encode(line) + b"\n")
        except MemoryError:
            line = Line(position=source.position, failed=FileReason.TOO_LARGE, params={"limit": BYTES})
            sys.stdout.buffer.write(encode(line) + b"\n")


if __name__ == "__main__":
    with suppress(ValueError, OSError):  # where a system doesn't know such a limit
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    main()
