"""Searches everything that the product writes for secrets: rows, events, answers, pages, tasks, logs.

    marks = Marks("the secret", "another one")
    with listening() as heard: ...
    assert marks.leaks([*rows(), *stream_chunks(), *answers(client, keys), *pages(staff), *heard.texts()]) == []

Each function gives places: pairs of a name and of all the text that stands there.
"""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any
from urllib.parse import quote

import structlog
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.html import escapejs

from accounts.models import User
from config.logs import logging_config
from generation.models import Job
from generation.selectors.events import event_news
from tests.conftest import Enqueued

Place = tuple[str, str]

#: Any 16 characters in a row of a secret have one of its pieces of this length in them, wherever they were cut out.
PIECE = 8
#: A secret's end may be shown: people tell keys apart by it.
SHOWN = 4


class Marks:
    """Secrets, in every form in which they may stand in a text, whole or cut."""

    def __init__(self, *secrets: str) -> None:
        pieces = [
            secret[start : start + PIECE]
            for secret in secrets
            for start in range(0, len(secret) - SHOWN - PIECE + 1, PIECE)
        ]
        self.forms = tuple(sorted(set().union(*map(forms, pieces))))

    def find(self, text: str) -> str:
        """What of a secret stands in the text, with a little of what is around it; empty when nothing does."""
        for form in self.forms:
            at = text.find(form)
            if at >= 0:
                return f"{form} in …{text[max(0, at - 80) : at + 80]}…"
        return ""

    def leaks(self, places: Iterable[Place]) -> list[str]:
        """The places where one of the secrets stands."""
        return [f"{name}: {found}" for name, text in places if (found := self.find(text))]


def forms(piece: str) -> set[str]:
    """A piece of a secret: plain, without its capitals, quoted for addresses, escaped for JSON, HTML, scripts and
    Python, in hexadecimal digits, and in base64 of what may be longer on both sides."""
    quoted = quote(piece, safe="")
    found = {piece, piece.lower(), quoted, quote(quoted, safe=""), html.escape(piece), str(escapejs(piece))}
    found |= {quoted.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")}
    found |= {json.dumps(piece)[1:-1], repr(piece)[1:-1], piece.encode().hex(), piece.encode().hex().upper()}
    for offset in range(3):
        packed = base64.b64encode(b"\0" * offset + piece.encode() + b"\0\0").decode()
        sure = packed[ceil(8 * offset / 6) : 8 * (offset + len(piece)) // 6]
        found |= {sure, sure.translate(str.maketrans("+/", "-_"))}
    return found


# -- rows ------------------------------------------------------------------------------------------------------------


def rows() -> Iterator[Place]:
    """Every column of every table, straight from the database; sessions unpacked, too."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.endswith("_search"):
                continue  # SQLite's index of searches keeps no text of its own; its pieces stand in tables beside it
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            cells = zip(*cursor.fetchall(), strict=True)
            for name, column in zip(names, cells, strict=False):
                yield f"{table}.{name}", "\n".join(map(_text, column))
    for session in Session.objects.all():
        yield "django_session, unpacked", repr(session.get_decoded())


def _text(cell: Any) -> str:
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).decode("latin-1")
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else str(cell)


# -- what people and programs are shown ------------------------------------------------------------------------------


def stream_chunks() -> Iterator[Place]:
    """The events of every job in the bytes of its stream."""
    cursors = dict.fromkeys(Job.objects.values_list("pk", flat=True), 0)
    for pk, news in event_news(cursors).items():
        yield f"stream of {pk}", b"".join(event.chunk for event in news.events).decode()


def answers(client: Any, addresses: Iterable[str]) -> Iterator[Place]:
    """What the API answers to GET."""
    for address in addresses:
        yield f"GET {address}", shown(client.get(address))


def shown(answer: Any) -> str:
    """An answer with its head."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{body.decode()}\n{dict(answer.headers)}\n{answer.cookies}"


def pages(staff: User, *opened: Model, is_all: bool = False) -> Iterator[Place]:
    """The back office: its first page, the pages of these rows, and the lists in which they stand, to their ends; with
    `is_all` the lists and a page of every model."""
    client = Client()
    client.force_login(staff)
    addresses = ["/admin/", *map(_page, opened)]
    for model, registered in admin.site._registry.items():
        if not is_all and model not in map(type, opened):
            continue
        changelist = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        leaves = ceil(model._default_manager.count() / registered.list_per_page)
        addresses += [f"{changelist}?p={leaf}" for leaf in range(1, max(1, leaves) + 1)]
        addresses += map(_page, model._default_manager.order_by("-pk")[:1])
    for address in dict.fromkeys(addresses):
        answer = client.get(address)
        assert answer.status_code == 200, address
        yield address, shown(answer)


def _page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def tasks(enqueued: Enqueued) -> Iterator[Place]:
    """The arguments of what was published, as the broker and its logs have them."""
    for name, arguments in enqueued:
        yield f"task {name}", f"{arguments!r}\n{json.dumps(arguments)}"


# -- logs --------------------------------------------------------------------------------------------------------------


class Heard(logging.Handler):
    """All that was logged: as it was said, and in both forms in which the product writes it down."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.raw: list[str] = []
        self.written = {name: io.StringIO() for name in ("console", "json")}
        self._writers = [_writer(stream, json=name == "json") for name, stream in self.written.items()]

    def emit(self, record: logging.LogRecord) -> None:
        self.raw.append(f"{record.name}: {record.getMessage()} {record.args!r} {_trace(record)}")
        for writer in self._writers:
            writer.handle(record)

    def texts(self) -> Iterator[Place]:
        yield "log as said", "\n".join(self.raw)
        for name, stream in self.written.items():
            yield f"log as {name}", stream.getvalue()


def _writer(stream: io.StringIO, *, json: bool) -> logging.Handler:
    """The product's own handler, but for where it writes."""
    config = logging_config(level="DEBUG", json=json)["formatters"]["structured"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=config["processors"], foreign_pre_chain=config["foreign_pre_chain"]
        )
    )
    return handler


def _trace(record: logging.LogRecord) -> str:
    """structlog says by a mapping that there is one, and leaves it to whoever writes it down."""
    said: Any = record.msg
    info = record.exc_info or (sys.exc_info() if isinstance(said, Mapping) and said.get("exc_info") else None)
    return "".join(traceback.format_exception(*info)) if info else ""


#: Tells of everything that a template asks for and doesn't find, a traceback for each: most of a page's time.
CHATTY = "django.template"


@contextmanager
def listening() -> Iterator[Heard]:
    """Every logger that there is, wide open."""
    heard = Heard()
    loggers = [logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    before = [(logger, logger.level, logger.propagate, logger.disabled) for logger in loggers]
    handlers, logging.root.handlers = logging.root.handlers, [heard]
    try:
        for logger in loggers:
            logger.setLevel(logging.INFO if logger.name == CHATTY else logging.DEBUG)
            logger.propagate, logger.disabled = True, False
        yield heard
    finally:
        logging.root.handlers = handlers
        for logger, level, propagate, disabled in before:
            logger.setLevel(level)
            logger.propagate, logger.disabled = propagate, disabled
