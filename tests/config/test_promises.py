"""The look at every answer of a test client finds what the schema doesn't promise."""

import json
from typing import Any

import pytest
from django.http import HttpResponse

from tests.support.promises import BrokenPromiseError, check

FAILURE = {
    "code": "X", "message": "x", "details": {}, "retryable": False, "charged": None, "request_id": "",
}  # fmt: skip


def answer(status: int, body: Any, content_type: str = "application/json") -> HttpResponse:
    return HttpResponse(json.dumps(body), status=status, content_type=content_type)


@pytest.mark.parametrize(
    ("method", "path", "response"),
    [
        ("GET", "/api/v1/jobs", answer(418, {"status": "fail", "data": FAILURE})),
        ("GET", "/api/v1/jobs", answer(401, {"status": "fail", "data": FAILURE}, "text/html")),
        ("GET", "/api/v1/jobs", answer(200, {"status": "success", "data": []})),  # no meta
        ("GET", "/api/v1/jobs", answer(401, {"status": "fail", "data": {**FAILURE, "details": []}})),
        ("GET", "/api/v1/jobs", answer(500, {"status": "error", "code": "X", "message": "x", "data": {}})),
        ("PUT", "/api/v1/jobs", answer(200, {"status": "success", "data": {}})),
        ("DELETE", "/api/v1/auth/me", answer(204, {"status": "success", "data": {}})),
        ("DELETE", "/api/v1/activities", answer(200, {"status": "success", "data": {"deleted": 1, "more": 2}})),
        ("GET", "/health/detailed", answer(200, {"status": "success"})),
    ],
)  # fmt: skip
def test_what_is_not_promised_is_found(method: str, path: str, response: HttpResponse) -> None:
    with pytest.raises(BrokenPromiseError):
        check(method, path, response)


@pytest.mark.parametrize(
    ("method", "path", "response"),
    [
        ("GET", "/api/v1/jobs", answer(401, {"status": "fail", "data": FAILURE})),
        ("PUT", "/api/v1/jobs", answer(405, {"status": "fail", "data": FAILURE})),
        ("DELETE", "/api/v1/activities", answer(200, {"status": "success", "data": {"deleted": 1}})),
        ("DELETE", "/api/v1/auth/me", HttpResponse(status=204)),
        ("GET", "/api/v1/templates/documents/export", HttpResponse(b"PK", content_type="application/zip")),
    ],
)
def test_what_is_promised_passes(method: str, path: str, response: HttpResponse) -> None:
    check(method, path, response)


def test_the_look_is_taken_at_the_test_clients(anonymous: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.api.exceptions.error_body", lambda error, request: {"status": "fail"})
    with pytest.raises(BrokenPromiseError):
        anonymous.get("/api/v1/auth/me")
