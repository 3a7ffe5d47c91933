"""The small parts under the adapters: events, token estimates, instances of schemas, requests."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.providers.llm import sse
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.json_instance import minimal_instance
from generation.providers.llm.sse import SseSplitter
from generation.providers.llm.tokens import estimate_tokens

TEXTS = ["智能客服 🤖", "line\nbreak", "", "👩‍👩‍👧"]
STREAM = (
    "".join(
        f": keep-alive\r\n\r\nevent: message\ndata: {json.dumps(text, ensure_ascii=False)}\n\n"
        for text in TEXTS
    )
    + "data: [DONE]\r\n\r\n"
).encode()


class TestEvents:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(STREAM)])
    def test_chunks_may_end_anywhere(self, size: int) -> None:
        splitter = SseSplitter()
        events = [
            event
            for start in range(0, len(STREAM), size)
            for event in splitter.feed(STREAM[start : start + size])
        ]
        assert [json.loads(event) for event in events[:-1]] == TEXTS
        assert events[-1] == b"[DONE]"

    def test_lines_of_one_event_are_joined(self) -> None:
        assert list(SseSplitter().feed(b"\xef\xbb\xbfdata: {\ndata:}\nid: 3\nretry: 9\n\n")) == [b"{\n}"]

    def test_an_unfinished_event_is_not_given_out(self) -> None:
        assert list(SseSplitter().feed("data: 半".encode())) == []
        assert list(SseSplitter().feed(b"data: {}\n")) == []

    def test_an_endless_event_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
        splitter = SseSplitter()
        with pytest.raises(ValueError, match="too large"):
            list(splitter.feed(b"data: " + b"x" * 200))


class TestEstimates:
    @pytest.mark.parametrize(
        ("text", "at_least", "at_most"),
        [
            ("", 0, 0),
            ("Write a user guide for a small shop.", 9, 18),
            ("请为下面的项目写一份说明文档", 10, 21),
            ("🙂" * 10, 10, 30),
            ("half \ud83d pair", 1, 10),
        ],
    )
    def test_they_are_upper_but_not_absurd(self, text: str, at_least: int, at_most: int) -> None:
        assert at_least <= estimate_tokens(text) <= at_most

    @given(st.text(), st.text())
    def test_more_text_never_costs_less(self, first: str, second: str) -> None:
        together = estimate_tokens(first + second)
        assert estimate_tokens(first) <= together <= estimate_tokens(first) + estimate_tokens(second)


class TestInstances:
    @pytest.mark.parametrize(
        "schema",
        [
            {"type": "object"},
            {"type": "string", "minLength": 12, "maxLength": 14},
            {"type": "string", "maxLength": 2},
            {"type": "integer", "minimum": 3, "multipleOf": 5},
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": "integer", "maximum": -4},
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
            {"type": ["null", "string"]},
            {"type": "boolean"},
            {"enum": ["一", "二"]},
            {"const": {"a": 1}},
            {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            {
                "$defs": {
                    "Tag": {"type": "object", "properties": {"名": {"type": "string"}}, "required": ["名"]}
                },
                "type": "object",
                "properties": {"tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}, "minItems": 1}},
                "required": ["tags"],
                "additionalProperties": False,
            },
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                    {"properties": {"b": {"type": "string", "format": "date"}}, "required": ["b"]},
                ]
            },
        ],
        ids=str,
    )
    def test_they_are_valid(self, schema: dict[str, object]) -> None:
        jsonschema.validate(minimal_instance(schema, word="示例"), schema)

    @pytest.mark.parametrize(
        "schema",
        [
            {"$ref": "#/$defs/none"},
            {"$ref": "#"},
            {"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]},
            {"type": "integer", "minimum": 5, "maximum": 4},
        ],
        ids=str,
    )
    def test_the_impossible_is_refused(self, schema: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="schema"):
            minimal_instance(schema)


class TestRequests:
    @pytest.mark.parametrize(
        "fields", [{"messages": ()}, {"max_output_tokens": 0}, {"timeout_s": 0}], ids=str
    )
    def test_senseless_ones_cannot_be_made(self, fields: dict[str, object]) -> None:
        sound = {"messages": (ChatMessage("user", "好"),), "max_output_tokens": 10}
        with pytest.raises(ValueError):
            ChatRequest(**{**sound, **fields})  # type: ignore[arg-type]
