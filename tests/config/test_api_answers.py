"""Every answer has one of three shapes, in the caller's language, and says what to do next."""

import logging
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from config.api.etags import matches
from config.errors import REGISTRY

pytestmark = pytest.mark.urls("tests.config.probes")


def test_success_is_wrapped_and_chinese_stays_readable(client_for, alice: User) -> None:
    answer = client_for(alice).get("/api/v1/detail")

    assert answer.content == '{"status":"success","data":{"name":"量子"}}'.encode()
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_format_is_a_parameter_like_any_other(anonymous: APIClient) -> None:
    assert anonymous.get("/api/v1/echo?format=zip").json()["data"]["query"] == {"format": "zip"}


def test_another_name_of_the_server_is_told_what_is_wrong(anonymous: APIClient, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["atelier.example"]
    answer = anonymous.get("/api/v1/echo", headers={"Host": "elsewhere.example", "Accept-Language": "zh"})
    assert (answer.status_code, answer.json()["data"]["code"]) == (400, "HOST_UNKNOWN")
    assert "ALLOWED_HOSTS" in answer.json()["data"]["message"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*;q=0.5", "text/html, */*;q=0.1"])
def test_json_for_whoever_takes_it(anonymous: APIClient, accept: str) -> None:
    assert anonymous.get("/api/v1/echo", headers={"Accept": accept}).status_code == 200


def test_no_content_has_no_body(client_for, alice: User) -> None:
    answer = client_for(alice).delete("/api/v1/nothing")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer.headers


def test_files_pass_as_they_are(client_for, alice: User) -> None:
    answer = client_for(alice).get("/api/v1/file")
    assert (answer.content, answer.headers["Content-Type"]) == (b"bytes", "application/zip")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", REGISTRY["NOT_FOUND"].en),
        ("zh", REGISTRY["NOT_FOUND"].zh),
        ("zh-CN,zh;q=0.9,en;q=0.8", REGISTRY["NOT_FOUND"].zh),
        ("zh-TW", REGISTRY["NOT_FOUND"].zh),
        ("fr", REGISTRY["NOT_FOUND"].en),
        ("", REGISTRY["NOT_FOUND"].en),
    ],
)
def test_fault_of_the_caller_is_told_in_the_callers_language(
    anonymous: APIClient, language: str, sentence: str
) -> None:
    answer = anonymous.get(
        "/api/v1/raise/app", headers={"Accept-Language": language, "X-Request-ID": "from-the-caller"}
    )

    assert answer.status_code == 404
    assert answer.json() == {
        "status": "fail",
        "data": {
            "code": "NOT_FOUND",
            "message": sentence,
            "details": {"id": 7},
            "retryable": False,
            "charged": False,
            "request_id": "from-the-caller",
        },
    }
    assert answer.headers["X-Request-ID"] == "from-the-caller"
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_accept_language_the_account_decides(client_for, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="zh")
    client = client_for(alice)

    assert client.post("/api/v1/detail").json()["data"]["message"] == REGISTRY["METHOD_NOT_ALLOWED"].zh
    in_english = client.post("/api/v1/detail", headers={"Accept-Language": "en"})
    assert in_english.json()["data"]["message"] == REGISTRY["METHOD_NOT_ALLOWED"].en


def test_fault_of_ours_says_whether_to_retry_and_whether_money_was_spent(anonymous: APIClient) -> None:
    answer = anonymous.get("/api/v1/raise/charged")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "3"
    body = answer.json()
    told = {"code": "SERVICE_UNAVAILABLE", "message": REGISTRY["SERVICE_UNAVAILABLE"].en}
    facts = {"retryable": True, "charged": True, "request_id": answer.headers["X-Request-ID"]}
    assert body == {"status": "error", **told, "data": {**told, "details": {}, **facts}}


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("http404", 404, "NOT_FOUND"),
        ("denied", 403, "PERMISSION_DENIED"),
        ("suspicious", 400, "MALFORMED_REQUEST"),
        ("django", 422, "VALIDATION_FAILED"),
    ],
)
def test_exceptions_of_the_framework_become_codes(
    anonymous: APIClient, kind: str, status: int, code: str
) -> None:
    answer = anonymous.get(f"/api/v1/raise/{kind}")
    assert (answer.status_code, answer.json()["data"]["code"]) == (status, code)


def test_complaints_of_a_model_name_the_field(anonymous: APIClient) -> None:
    details = anonymous.get("/api/v1/raise/django").json()["data"]["details"]
    assert details == {"fields": [{"field": "name", "code": "odd", "message": "too odd"}], "more": 0}


def test_bug_is_logged_once_without_secrets_and_told_without_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = APIClient(raise_request_exception=False)
    with caplog.at_level(logging.INFO):
        answer = client.get("/api/v1/raise/bug")

    assert answer.status_code == 500
    assert answer.json()["code"] == "INTERNAL_ERROR"
    assert answer.json()["data"]["charged"] is None  # nobody can know
    assert "price" not in answer.text
    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(failures) == 1
    printed = logging.getLogger().handlers[0].format(failures[0])
    assert answer.headers["X-Request-ID"] in printed
    assert "the price 7" in printed
    assert "sk-abcdef" not in printed


@pytest.mark.django_db
@pytest.mark.parametrize("pooled", ["direct", "pool"])
def test_database_that_is_gone_is_a_503_that_can_be_retried(anonymous: APIClient, pooled: str) -> None:
    answer = anonymous.get(f"/api/v1/database-gone/{pooled}")

    assert answer.status_code == 503
    assert answer.json()["code"] == "SERVICE_UNAVAILABLE"
    assert answer.json()["data"]["retryable"] is True
    assert "127.0.0.1" not in answer.text
    assert answer.headers["Retry-After"]


def test_method_type_and_format_that_are_not_served(anonymous: APIClient) -> None:
    refused = anonymous.delete("/api/v1/echo")
    assert (refused.status_code, refused.json()["data"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in refused.headers["Allow"]

    page = anonymous.get("/api/v1/echo", headers={"Accept": "text/html"})
    assert (page.status_code, page.json()["data"]["code"]) == (406, "NOT_ACCEPTABLE")


ODD_PATHS = [
    *(
        "/api",
        "/api/",
        "/api//v1",
        "/api/v1/nowhere",
        "/api/v1/auth/me/",
        "/api/v1/jobs/not-an-id",
        "/api/v2/jobs",
    ),
    *(
        "/api/v1/%00",
        "/api/v1/a%0Ab",
        "/api/v1/%2e%2e/admin",
        "/api/v1/🙂",
        "/api/v1/%ff",
        "/api/" + "x" * 5000,
    ),
]


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.parametrize("path", ODD_PATHS)
def test_unknown_addresses_are_json_by_every_method(settings, path: str, is_debug: bool) -> None:
    settings.DEBUG = is_debug
    client = APIClient(enforce_csrf_checks=True)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
        answer = client.generic(method, path, "{", headers={"Accept-Language": "zh", "Accept": "text/html"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json"), method
        assert answer.json()["data"]["code"] == "ADDRESS_UNKNOWN"
        assert answer.json()["data"]["message"] == REGISTRY["ADDRESS_UNKNOWN"].zh
    assert client.head(path).status_code == 404


def test_addresses_beside_the_api_are_json_too(anonymous: APIClient) -> None:
    assert anonymous.get("/nowhere").json()["data"]["code"] == "ADDRESS_UNKNOWN"


def test_the_back_office_keeps_its_pages(client, staff: User) -> None:
    client.force_login(staff)
    answer = client.get("/admin/nowhere/")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_who_is_not_logged_in_is_told_how(anonymous: APIClient) -> None:
    answer = anonymous.get("/api/v1/detail")
    assert (answer.status_code, answer.json()["data"]["code"]) == (401, "NOT_AUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="atelier"'


# -- ETags -------------------------------------------------------------------------------------------------------


def test_detail_that_the_caller_has_is_not_sent_again(client_for, alice: User) -> None:
    client = client_for(alice)
    first = client.get("/api/v1/detail")
    again = client.get("/api/v1/detail", headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})

    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Type" not in again.headers
    assert again.headers["ETag"] == first.headers["ETag"]
    assert client.get("/api/v1/detail", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"current"', 200), ("*", 200), ('W/"current"', 200), ('"stale"', 412), ("junk", 412)],
)
def test_change_of_a_stale_copy_is_refused(client_for, alice: User, if_match: str, status: int) -> None:
    answer = client_for(alice).patch("/api/v1/detail", {}, headers={"If-Match": if_match})

    assert answer.status_code == status
    if status == 412:
        assert answer.json()["data"]["code"] == "PRECONDITION_FAILED"
    else:
        assert answer.headers["ETag"] == '"next"'


def test_tags_are_compared_whole() -> None:
    assert matches('"a", W/"b"', '"b"')
    assert not matches('"ab"', '"b"')
    assert not matches("", '"b"')


def test_options_names_the_methods(client_for, alice: User) -> None:
    answer = client_for(alice).options("/api/v1/detail")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {"GET", "PATCH", "HEAD", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))
