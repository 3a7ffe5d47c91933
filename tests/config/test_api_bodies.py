"""What strangers send: read within limits, refused with a reason, never a crash."""

import json
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from config.api.parsers import MAX_DEPTH, StrictJSONParser
from config.errors import AppError

pytestmark = pytest.mark.urls("tests.config.probes")

JSON_TYPE = "application/json"


def send(client: APIClient, body: bytes | str, content_type: str = JSON_TYPE, **headers: str) -> Any:
    raw = body.encode() if isinstance(body, str) else body
    return client.generic("POST", "/api/v1/echo", raw, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        '{"text": ',
        "",
        "\x00",
        '{"number": NaN}',
        '{"number": 1e999}',
        "{'text': 'single'}",
        b'{"text": "\xff\xfe"}',
        '{"text": "\\ud800"}',
        '{"text": "\\u0000"}',
        '{"anything": {"a\\u0000b": 1}}',
        '{"anything": [["deep \\u0000"]]}',
        '{"anything": ' + "[" * 40 + "]" * 40 + "}",
        "[" * 500_000,
        '{"a":' * 100_000,
    ],
    ids=lambda body: repr(body)[:30],
)
def test_what_cannot_be_read_is_a_400_with_a_reason(anonymous: APIClient, body: bytes | str) -> None:
    answer = send(anonymous, body or " ")

    assert answer.status_code == 400
    data = answer.json()["data"]
    assert data["code"] == "MALFORMED_REQUEST"
    assert data["details"]["reason"]


@pytest.mark.parametrize("nul", ['{"text": "\\u0000"}', '{"anything": {"a\\u0000b": 1}}'])
def test_nul_is_named_in_both_languages(anonymous: APIClient, nul: str) -> None:
    assert "NUL" in send(anonymous, nul).json()["data"]["message"]
    assert "NUL 字符" in send(anonymous, nul, **{"Accept-Language": "zh"}).json()["data"]["message"]


def test_backslash_u0000_as_text_is_no_nul(anonymous: APIClient) -> None:
    answer = send(anonymous, json.dumps({"text": "\\u0000 is how JSON writes it"}))
    assert answer.json()["data"]["text"].startswith("\\u0000")


def test_emoji_written_as_a_surrogate_pair_is_read(anonymous: APIClient) -> None:
    assert send(anonymous, '{"text": "\\ud83d\\ude80 发射"}').json()["data"]["text"] == "🚀 发射"


def test_byte_order_mark_is_skipped(anonymous: APIClient) -> None:
    assert send(anonymous, b"\xef\xbb\xbf" + b'{"text": "bom"}').json()["data"] == {"text": "bom"}


def test_of_two_equal_keys_the_last_counts(anonymous: APIClient) -> None:
    assert send(anonymous, '{"text": "a", "text": "b"}').json()["data"] == {"text": "b"}


def test_nesting_up_to_the_limit_is_read(anonymous: APIClient) -> None:
    depth = MAX_DEPTH - 1  # the object around it is one level, too
    assert send(anonymous, '{"anything": ' + "[" * depth + "]" * depth + "}").status_code == 200
    assert send(anonymous, '{"anything": [' + "[" * depth + "]" * depth + "]}").status_code == 400


def test_wide_bodies_are_not_deep(anonymous: APIClient) -> None:
    assert send(anonymous, json.dumps({"anything": [[]] * 5000})).status_code == 200


def test_too_large_with_and_without_a_length(anonymous: APIClient, settings) -> None:
    settings.MAX_BODY_BYTES = 1000
    fits = json.dumps({"text": "x" * (1000 - len('{"text": ""}'))})
    assert len(fits) == 1000
    assert send(anonymous, fits).status_code == 200

    answer = send(anonymous, fits + " ")
    assert (answer.status_code, answer.json()["data"]["code"]) == (413, "BODY_TOO_LARGE")
    assert answer.json()["data"]["details"] == {"limit": 1000}


def test_the_cap_holds_when_the_length_lies(settings) -> None:
    settings.MAX_BODY_BYTES = 1000
    request = RequestFactory().post("/", b'"' + b"x" * 5000, content_type=JSON_TYPE)
    request.META["CONTENT_LENGTH"] = "10"
    with pytest.raises(AppError) as caught:
        StrictJSONParser().parse(request, JSON_TYPE)
    assert caught.value.code in {"BODY_TOO_LARGE", "MALFORMED_REQUEST"}


def test_body_that_broke_off_is_refused() -> None:
    request = RequestFactory().post("/", b'{"text": "whole"}', content_type=JSON_TYPE)
    request.META["CONTENT_LENGTH"] = "100"
    with pytest.raises(AppError) as caught:
        StrictJSONParser().parse(request, JSON_TYPE)
    assert caught.value.code == "MALFORMED_REQUEST"


@pytest.mark.parametrize(
    "content_type", [JSON_TYPE, "application/json; charset=utf-8", "application/vnd.a+json"]
)
def test_json_by_its_names(anonymous: APIClient, content_type: str) -> None:
    assert send(anonymous, '{"text": "好"}', content_type).json()["data"] == {"text": "好"}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=gbk",
    ],
)
def test_other_types_are_a_415(anonymous: APIClient, content_type: str) -> None:
    answer = send(anonymous, '{"text": "x"}', content_type)
    assert (answer.status_code, answer.json()["data"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"txet": "x"}, [("txet", "unknown_field")]),
        ({"number": "many"}, [("number", "invalid")]),
        ({"number": 10}, [("number", "max_value")]),
        ({"text": {"a": 1}}, [("text", "invalid")]),
        ({"text": None}, [("text", "null")]),
        (
            {"tags": [{"name": "ok"}, {"nmae": "x"}]},
            [("tags.1.name", "required"), ("tags.1.nmae", "unknown_field")],
        ),
        ({"tags": {}}, [("tags", "not_a_list")]),
        ({"number": "x", "more": 1}, [("number", "invalid"), ("more", "unknown_field")]),
        ([], [("", "invalid")]),
        ("text", [("", "invalid")]),
        (7, [("", "invalid")]),
        (None, [("", "null")]),
    ],
)
def test_every_wrong_field_is_named(anonymous: APIClient, body: Any, problems: list[tuple[str, str]]) -> None:
    answer = send(anonymous, json.dumps(body))

    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")
    details = answer.json()["data"]["details"]["fields"]
    assert [(detail["field"], detail["code"]) for detail in details] == problems
    assert all(detail["message"] for detail in details)


def test_messages_of_fields_are_translated(anonymous: APIClient) -> None:
    body = json.dumps({"txet": 1, "number": "many"})
    messages = [
        d["message"]
        for d in send(anonymous, body, **{"Accept-Language": "zh"}).json()["data"]["details"]["fields"]
    ]
    assert messages == ["请填写合法的整数值。", "没有这个字段。您是否想用 text？"]


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_parser(body: bytes) -> None:
    code = ""
    try:
        StrictJSONParser().parse(RequestFactory().post("/", body, content_type=JSON_TYPE), JSON_TYPE)
    except AppError as error:
        code = error.code
    assert code in {"", "MALFORMED_REQUEST"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(JSON_VALUES)
def test_what_is_read_is_what_was_written_or_has_a_nul(value: Any) -> None:
    body = json.dumps(value).encode()
    request = RequestFactory().post("/", body, content_type=JSON_TYPE)
    try:
        assert StrictJSONParser().parse(request, JSON_TYPE) == value
    except AppError:
        assert b"\\u0000" in body or b"\\ud" in body
