"""Structured logs: readable lines in development, one JSON object a line in production, secrets removed in both."""

import logging
import logging.config
import re
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog

REMOVED = "[removed]"
#: Names whose values never belong into a log, whatever they are.
SECRET_NAME = re.compile(r"(?i)(authorization|password|passwd|secret|token|api[_-]?key|cookie|credential)")
#: Values that look like keys or tokens of ours or of a vendor, wherever they stand in a text: Chinese puts no blank
#: before them, and escapes in URLs end with a digit.
SECRET_VALUE = re.compile(
    r"(?x) eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"  # a JWT
    r" | (?<![A-Za-z])(?:sk|rk|pk)-[\w-]{12,}"  # OpenAI, DeepSeek and most that imitate them
    r" | atl_(?:live|test)_\w+"  # our access tokens
    r" | (?i:bearer)\s+[\w.~+/=-]{8,}"
    r" | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # user:password in a URL
)
#: Counts of tokens are figures, not secrets.
FIGURES = re.compile(r"(?i)(_tokens|tokens_)")


def redact(value: Any, name: str = "") -> Any:
    """`value` with everything removed that is, or looks like, a secret. Mappings and lists are walked."""
    if SECRET_NAME.search(name) and not FIGURES.search(name) and value not in (None, "", True, False):
        return REMOVED
    if isinstance(value, str):
        return SECRET_VALUE.sub(REMOVED, value)
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: `redact` over the whole event, traceback text included."""
    for name in list(event):
        if not name.startswith("_"):
            event[name] = redact(event[name], name)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
#: One list for good: loggers keep the one that they were first used with.
PROCESSORS: list[Any] = [
    structlog.stdlib.filter_by_level,
    *SHARED,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def logging_config(*, level: str, json: bool) -> dict[str, Any]:
    """A `logging.config` dictionary; everything goes to standard output through one handler."""
    if json:
        rendering: list[Any] = [
            structlog.processors.format_exc_info,
            redact_event,
            structlog.processors.JSONRenderer(),
        ]
    else:
        rendering = [
            structlog.processors.format_exc_info,
            redact_event,
            structlog.dev.ConsoleRenderer(colors=False, sort_keys=False),
        ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            # Without Django's own handlers, which write to the console and to e-mails what nobody has redacted. What
            # it says at DEBUG is each statement with its values.
            "django": {"handlers": [], "level": "INFO" if level == "DEBUG" else level},
            # The exception handler logs what is ours; Django would log every 4xx a second time.
            "django.request": {"level": "CRITICAL"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING"},
            # Without the handlers that they bring themselves: each line as all others are, and each request once.
            "gunicorn.error": {"handlers": ["out"], "level": "INFO", "propagate": False},
            "gunicorn.access": {"handlers": [], "propagate": False},
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
            "uvicorn.access": {"handlers": [], "propagate": False},
            "httpx2": {"level": "WARNING"},
            "httpcore2": {"level": "WARNING"},
            "openai": {"level": "WARNING"},
            "celery": {"level": "WARNING" if level != "DEBUG" else "DEBUG"},
            "kombu": {"level": "WARNING"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """`LOGGING_CONFIG`: sets up the standard library's logging and structlog on top of it."""
    logging.config.dictConfig(config)
    logging.captureWarnings(True)
    sys.excepthook = _log_crash
    structlog.configure(
        processors=PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends a process is one line like any other, with its traceback inside."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical("process.crashed", exc_info=(kind, error, trace))
