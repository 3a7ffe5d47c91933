"""Each request is one line of the log; files are sent piece by piece under ASGI, too."""

from __future__ import annotations

import asyncio
import json
import logging
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts.models import User
from config.logs import logging_config
from config.middleware import StreamMiddleware


@pytest.mark.django_db
def test_each_request_is_one_line(client_for: Any, alice: User) -> None:
    client: APIClient = client_for(alice)
    with capture_logs() as lines:
        client.get("/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057?x=secret-thing")
        client.post("/api/v1/nowhere/secret-thing", {})
    lines = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["status"]) for line in lines] == [("GET", 404), ("POST", 404)]
    assert lines[0]["route"] == "/api/v1/jobs/<uuid:job_id>"
    assert all(line["ms"] >= 0 for line in lines)
    assert "secret-thing" not in str(lines)


@pytest.mark.once
@pytest.mark.parametrize("name", ["gunicorn.error", "uvicorn.error", "celery.beat", "py.warnings"])
def test_an_error_of_whatever_server_is_one_line_of_json(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a process would write it, whose own handlers the configuration replaces."""
    logger, root = logging.getLogger(name), logging.getLogger()
    before = (list(root.handlers), root.level, logger.level, logger.propagate, list(logger.handlers))
    try:
        logging.config.dictConfig(logging_config(level="INFO", json=True))
        try:
            raise RuntimeError("第一行\nsecond line")
        except RuntimeError:
            logger.error("beat raised\nan exception", exc_info=True)
    finally:
        root.handlers, logger.handlers = before[0], before[4]
        root.setLevel(before[1])
        logger.setLevel(before[2])
        logger.propagate = before[3]
    said = capsys.readouterr()
    (line,) = (said.out + said.err).splitlines()
    told = json.loads(line)
    assert told["event"] == "beat raised\nan exception"
    assert "RuntimeError: 第一行\nsecond line" in told["exception"]


@pytest.mark.once
def test_a_file_is_sent_piece_by_piece_under_asgi(tmp_path: Path) -> None:
    path = tmp_path / "a.css"
    path.write_bytes(b"x" * 10_000)

    async def read() -> list[bytes]:
        scope = {"type": "http", "method": "GET", "path": "/static/a.css", "headers": [], "query_string": b""}
        response = StreamMiddleware(lambda request: FileResponse(path.open("rb")))(ASGIRequest(scope, None))  # type: ignore[arg-type]
        assert isinstance(response, StreamingHttpResponse)
        chunks: AsyncIterator[bytes] = response.__aiter__()
        pieces = [piece async for piece in chunks]
        response.close()
        return pieces

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pieces = asyncio.run(read())
    assert b"".join(pieces) == b"x" * 10_000
    assert len(pieces) > 1


@pytest.mark.once
def test_under_wsgi_a_stream_stays_as_it_is() -> None:
    pieces: Iterator[bytes] = iter([b"a", b"b"])
    response = StreamMiddleware(lambda request: StreamingHttpResponse(pieces))(HttpRequest())
    assert isinstance(response, StreamingHttpResponse)
    assert list(response) == [b"a", b"b"]
