"""Keeps what vendors' libraries log for debugging out of every log: it holds whole requests and answers.

httpx2 writes whole addresses, httpcore2 and openai what answers' headers say, botocore prompts and canonical requests
with session tokens. A level would not hold: an operator who sets one for everything would undo it.
"""

from __future__ import annotations

import logging


def quiet(*families: str) -> None:
    """Let nothing below a warning out of the loggers of `families` and of those below them, whatever their levels.

    A filter of a logger is not asked for its children's lines, so each one gets it: call this once a library's modules
    are imported.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in families:
            logging.getLogger(name).addFilter(_is_a_warning)


def _is_a_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
