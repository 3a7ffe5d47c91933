"""What a key of a vendor looks like."""

import re

MAX_KEY_LENGTH = 500
#: Visible ASCII: what a header takes as it is. A line break would begin a header of the writer's own.
_VISIBLE = re.compile(r"[!-~]*")
#: What is copied along with a key at either end.
_AROUND = " \t\r\n\ufeff"


def key_stripped(text: str) -> str:
    """Without the blanks and line ends around it."""
    return text.strip(_AROUND)


def is_sendable(text: str) -> bool:
    """Whether a header can carry it."""
    return _VISIBLE.fullmatch(text) is not None
