"""The small parts under the adapters: events, token estimates, instances of schemas, requests."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.providers.llm import openai_tokens, sse
from generation.providers.llm.base import ChatImage, ChatMessage, ChatRequest
from generation.providers.llm.images import image_tokens
from generation.providers.llm.json_instance import minimal_instance
from generation.providers.llm.openai_tokens import count_tokens
from generation.providers.llm.sse import SseSplitter
from generation.providers.llm.tokens import estimate_input_tokens, estimate_tokens, estimated_usage

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


class TestImages:
    @pytest.mark.parametrize(
        ("size", "model", "counted"),
        [
            # What vendors' documents count: gpt-4o, gpt-4.1-nano, Qwen's patches of 28 pixels, Kimi, gpt-4o-mini.
            ((1024, 1024), "gpt-4o", 765),
            ((2048, 4096), "gpt-4o", 1105),
            ((1024, 1024), "gpt-4.1-nano", 2520),
            ((1800, 2400), "gpt-4.1-nano", 1452 * 246 // 100),
            ((3584, 3584), "qwen3.5-plus", 16_384),
            ((1, 1), "kimi-k3", 1_024),
            ((1024, 1024), "gpt-4o-mini", 25_501),
            ((2048, 4096), "openai/gpt-4o-mini-2024-07-18", 36_835),
        ],
    )
    def test_the_estimate_is_an_upper_one(self, size: tuple[int, int], model: str, counted: int) -> None:
        assert counted <= image_tokens(*size, model) <= max(16_384, counted)

    def test_they_count_in_the_message_that_shows_them(self) -> None:
        bare = ChatMessage("user", "看")
        seen = ChatMessage("user", "看", (ChatImage("image/png", b"-", 1024, 1024),))
        for model in ("gpt-4o-mini", "qwen-plus", ""):
            more = [
                estimate(ChatRequest((message,), 10, model=model or None))
                for message in (bare, seen)
                for estimate in (
                    estimate_input_tokens,
                    lambda request: estimated_usage(request, "").input_tokens,
                )
            ]
            assert more[2] - more[0] == more[3] - more[1] == image_tokens(1024, 1024, model)

    def test_only_users_show_images_of_types_that_vendors_take(self) -> None:
        with pytest.raises(ValueError, match="svg"):
            ChatImage("image/svg+xml", b"-", 1, 1)
        with pytest.raises(ValueError, match="user"):
            ChatMessage("assistant", "", (ChatImage("image/png", b"-", 1, 1),))


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


class TestCounts:
    """OpenAI's models, whose vocabulary is known and here."""

    @pytest.mark.parametrize(
        ("text", "count"),
        # By tiktoken 0.14, o200k_base.
        [
            ("", 0),
            ("Write a user guide for a small shop.", 9),
            ("请为下面的项目写一份说明文档", 11),
            ("🙂👩‍👩‍👧 don't", 10),
            ("<|endoftext|>", 7),
            ("x" * 100_000, 12_500),
            (" " * 1_000_000, 50 * 157),
        ],
        ids=range(7),
    )
    def test_they_are_tiktokens(self, text: str, count: int) -> None:
        assert count_tokens(text, "gpt-4o-mini") == count

    @pytest.mark.parametrize(
        ("model", "is_known"),
        [
            ("gpt-4o", True),
            ("gpt-4.1-nano", True),
            ("gpt-5-mini", True),
            ("o3-mini", True),
            ("openai/gpt-oss-120b", True),
            ("openai.gpt-oss-20b-1:0", True),
            ("gpt-4", False),
            ("gpt-3.5-turbo", False),
            ("o3x", False),
            ("deepseek-chat", False),
            ("qwen-plus", False),
            ("通义", False),
        ],
    )
    def test_other_models_have_other_vocabularies(self, model: str, is_known: bool) -> None:
        assert (count_tokens("好", model) is not None) is is_known

    def test_a_usage_that_was_counted_here_is_still_an_estimate(self) -> None:
        request = ChatRequest((ChatMessage("user", "请写一份说明文档 🙂"),), 100, model="gpt-4o-mini")
        counted, guessed = (
            estimated_usage(request, "好的。"),
            estimated_usage(request, "好的。", model="qwen-plus"),
        )
        assert counted.is_estimate
        assert guessed.is_estimate
        assert 0 < counted.input_tokens < guessed.input_tokens == estimate_input_tokens(request)
        assert 0 < counted.output_tokens < guessed.output_tokens

    @pytest.mark.parametrize("broken", ["missing", "changed"])
    def test_without_the_vocabulary_characters_are_counted(
        self, broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(openai_tokens, "_loaded", [])
        if broken == "missing":
            monkeypatch.setattr(openai_tokens, "find_spec", lambda name: None)
        else:
            monkeypatch.setattr(openai_tokens, "_CHECKSUM", "0" * 64)
        assert count_tokens("好", "gpt-4o") is None
        assert count_tokens("好", "gpt-4o") is None
        assert len(caplog.records) == 1, "said once, tried once"
        request = ChatRequest((ChatMessage("user", "好"),), 100, model="gpt-4o")
        assert estimated_usage(request, "好").output_tokens == estimate_tokens("好")
