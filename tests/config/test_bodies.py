"""Bodies without a length get one at the door, under WSGI and under ASGI."""

import asyncio
import io
import json
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from config.api.bodies import FORM_BYTES, AsgiBodies, WsgiBodies

LIMIT = 100


@pytest.fixture(autouse=True)
def _limit(settings) -> None:
    settings.MAX_BODY_BYTES = LIMIT


def through_wsgi(body: bytes, **environ: Any) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    WsgiBodies(application)({"wsgi.input": io.BytesIO(body), **environ}, None)  # type: ignore[arg-type]
    return seen


def test_wsgi_gives_chunked_bodies_their_length() -> None:
    seen = through_wsgi(b"x" * 50, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})
    assert (seen["CONTENT_LENGTH"], seen["wsgi.input"].read()) == ("50", b"x" * 50)


def test_wsgi_reads_no_more_than_shows_that_it_is_too_much() -> None:
    seen = through_wsgi(b"x" * 5000, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})
    assert seen["CONTENT_LENGTH"] == str(LIMIT + 1)


@pytest.mark.parametrize("environ", [{}, {"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "5"}])
def test_wsgi_leaves_the_rest_alone(environ: dict[str, str]) -> None:
    seen = through_wsgi(b"12345", **environ)
    assert seen.get("CONTENT_LENGTH") == environ.get("CONTENT_LENGTH")
    assert seen["wsgi.input"].read() == b"12345"


def through_asgi(
    chunks: list[bytes], headers: list[tuple[bytes, bytes]], path: str = "/"
) -> tuple[dict[bytes, bytes], bytes, str]:
    """The headers and the body that the application sees, and the type of the message after them."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
        for number, chunk in enumerate(chunks)
    ]
    messages.append({"type": "http.disconnect"})
    seen: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen["headers"] = dict(scope["headers"])
        seen["body"] = b""
        more = True
        while more:
            message = await receive()
            seen["body"] += message["body"]
            more = message.get("more_body", False)
        seen["after"] = (await receive())["type"]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    scope = {"type": "http", "headers": headers, "path": path}
    asyncio.run(AsgiBodies(application)(scope, receive, None))  # type: ignore[arg-type]
    return seen["headers"], seen["body"], seen["after"]


CHUNKED = [(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")]


def test_asgi_gives_chunked_bodies_their_length() -> None:
    headers, body, after = through_asgi([b"a" * 30, b"b" * 20], CHUNKED)
    assert (headers[b"content-length"], body) == (b"50", b"a" * 30 + b"b" * 20)
    assert after == "http.disconnect"


def test_asgi_stops_reading_when_it_is_too_much() -> None:
    headers, body, after = through_asgi([b"a" * 90] * 5, CHUNKED)
    assert headers[b"content-length"] == str(LIMIT + 1).encode()
    assert len(body) == LIMIT + 1
    assert after == "http.disconnect"


@pytest.mark.parametrize(
    "content_type", [b"application/json", b"audio/mpeg", b"", b"multipart/form-data; boundary=x"]
)
def test_asgi_does_not_store_what_announces_too_much(content_type: bytes, settings: Any) -> None:
    settings.FILE_MAX_BYTES = 4999 - FORM_BYTES
    announced = [(b"content-length", b"5000"), (b"content-type", content_type)]
    headers, body, after = through_asgi([b"a" * 2500] * 2, announced)
    assert (headers[b"content-length"], body, after) == (b"5000", b"", "http.disconnect")


def test_asgi_passes_a_form_with_a_file_as_it_comes() -> None:
    announced = [(b"content-length", b"5000"), (b"content-type", b"multipart/form-data; boundary=x")]
    assert len(through_asgi([b"a" * 2500] * 2, announced)[1]) == 5000


#: As a client sends it, and what reaches Django, which would fail at the first ones.
TYPES = {
    "multipart/form-data; boundary*=klingon''x": "multipart/form-data",
    f"application/json; a*{'9' * 5000}=b": "application/json",
    "application/json; charset=hex": 'application/json; charset="unknown"',
    "application/json; charset*=utf-8''undefined": 'application/json; charset="unknown"',
    'Application/JSON; a=b; charset="UTF-8"': 'Application/JSON; a="b"',
    "multipart/form-data; boundary=x; charset=utf-8": 'multipart/form-data; boundary="x"',
    "multipart/form-data; boundary*=utf-8''x": "multipart/form-data; boundary*=utf-8''x",
    "application/json;;=;": "application/json;;=;",
    "": "",
}


@pytest.mark.parametrize(("given", "passed_on"), TYPES.items())
def test_a_type_that_cannot_be_read_is_passed_on_without_what_is_wrong(given: str, passed_on: str) -> None:
    assert through_wsgi(b"", CONTENT_TYPE=given)["CONTENT_TYPE"] == passed_on
    in_parts = [(b"content-type", part.encode()) for part in given.split(",")]
    assert through_asgi([b""], in_parts)[0][b"content-type"].decode() == passed_on


def test_asgi_looks_at_what_several_types_are_together() -> None:
    parts = [(b"content-type", b"a/b; x*=klin"), (b"content-type", b"gon''y"), (b"accept", b"c/d")]
    assert through_asgi([b""], parts)[0] == {b"content-type": b"a/b", b"accept": b"c/d"}


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["hex", "rot13", "undefined", "idna", "utf-16", "utf-8"])
def test_no_charset_and_no_number_of_parameters_ends_in_an_error(charset: str, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.config.probes"
    settings.MAX_BODY_BYTES = 10_000
    factory, seen = RequestFactory(), []
    for address in ("/api/v1/echo?x=%ff", f"/api/v1/echo?{'a&' * 2000}"):
        environ = factory.post("/api/v1/echo", {"text": "茶"}, content_type="application/json").environ | {
            "CONTENT_TYPE": f"application/json; charset={charset}",
            "QUERY_STRING": address.partition("?")[2],
        }
        WsgiBodies(WSGIHandler())(environ, lambda status, _: seen.append(int(status[:3])))
    assert seen == [200 if charset == "utf-8" else 415] * 2


IMPORT = "/api/v1/prompts/import"


def test_a_file_may_be_larger_than_other_bodies(settings: Any) -> None:
    settings.MAX_IMPORT_BYTES = 2 * LIMIT
    body = b"x" * 5000
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert through_wsgi(body, PATH_INFO=IMPORT, **chunked)["CONTENT_LENGTH"] == str(2 * LIMIT + 1)
    assert through_wsgi(body, PATH_INFO="/api/v1/prompts", **chunked)["CONTENT_LENGTH"] == str(LIMIT + 1)

    headers, body, _ = through_asgi([b"a" * 90] * 5, CHUNKED, path=IMPORT)
    assert (headers[b"content-length"], len(body)) == (str(2 * LIMIT + 1).encode(), 2 * LIMIT + 1)
    announced = [(b"content-length", b"150"), (b"content-type", b"application/json")]
    assert through_asgi([b"a" * 150], announced, path=IMPORT)[1] == b"a" * 150
    assert through_asgi([b"a" * 150], announced, path="/nowhere")[1] == b""


@pytest.mark.django_db
def test_chunked_body_reaches_the_view(settings) -> None:
    settings.ROOT_URLCONF = "tests.config.probes"
    body = json.dumps({"text": "分块"}).encode()
    environ = RequestFactory().generic("POST", "/api/v1/echo").environ | {
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    }
    environ.pop("CONTENT_LENGTH", None)

    answer = b"".join(WsgiBodies(WSGIHandler())(environ, lambda *_: None))

    assert json.loads(answer)["data"] == {"text": "分块"}
