"""What vendors and gateways really answer, whole and streamed: read as leniently as is safe, and counted truly."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from generation.providers.base import ProviderError, Usage
from generation.providers.llm import finish
from generation.providers.llm.openai import OpenAIChat
from tests.contract.odd import KEY, USAGE, ask, asked, both_ways, events, sse, vendor, whole
from tests.contract.requests import chat
from tests.support.raw_http import RawServer, Talk

LONG = "A sentence of some length. " * 40


def plain(**fields: Any) -> Any:
    return whole(**fields)


@both_ways
class TestThoughts:
    @pytest.mark.parametrize(
        "content",
        [
            "<think>plan</think>\n\n# Title",
            "<THINKING>plan</THINKING># Title",
            "plan</think>\n\n# Title",
            "<|channel|>analysis<|message|>plan<|end|><|start|>assistant<|channel|>final<|message|># Title<|return|>",
            "<|start|>assistant<|channel|>analysis<|message|>plan<|end|>"
            "<|start|>assistant<|channel|>final<|message|># Title",
            "<|begin_of_thought|>plan<|end_of_thought|><|begin_of_solution|># Title<|end_of_solution|>",
            "<|START_THINKING|>plan<|END_THINKING|><|START_RESPONSE|># Title<|END_RESPONSE|>",
            [{"type": "thinking", "thinking": "plan"}, {"type": "text", "text": "# Title"}],
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "plan"}]},
                {"type": "text", "text": "# Title"},
            ],
            [
                {"type": "reasoning", "summary": "plan"},
                "# ",
                {"type": "output_text", "text": {"value": "Title"}},
            ],
        ],
        ids=range(10),
    )
    def test_are_never_text(self, content: Any, is_stream: bool) -> None:
        with vendor(asked(plain, content=content, is_stream=is_stream)) as (llm, _):
            answer = ask(llm, is_stream=is_stream)
        assert (answer.text, answer.reasoning, answer.finish_reason) == ("# Title", "plan", "stop")

    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
    def test_in_a_channel_of_their_own(self, name: str, is_stream: bool) -> None:
        with vendor(asked(plain, is_stream=is_stream, content="# Title", **{name: "plan"})) as (llm, _):
            answer = ask(llm, is_stream=is_stream)
        assert (answer.text, answer.reasoning) == ("# Title", "plan")

    def test_alone_they_are_an_answer_without_text(self, is_stream: bool) -> None:
        with vendor(asked(plain, is_stream=is_stream, content=None, reasoning_content="all of it")) as (
            llm,
            server,
        ):
            answer = ask(llm, is_stream=is_stream)
        assert (answer.text, answer.reasoning) == ("", "all of it")
        assert len(server.requests) == 1

    def test_control_tokens_at_the_end_go(self, is_stream: bool) -> None:
        with vendor(asked(plain, content="# Title\n\nText.<|im_end|>", is_stream=is_stream)) as (llm, _):
            answer = ask(llm, is_stream=is_stream)
        assert (answer.text, answer.cut) == ("# Title\n\nText.", "<|im_end|>")


@both_ways
class TestUsage:
    @pytest.mark.parametrize(
        "usage",
        [
            USAGE,
            {"prompt_tokens": 60.0, "completion_tokens": "20"},
            {"input_tokens": 60, "output_tokens": 20},
            {"inputTokens": 60, "outputTokens": 20},
            {"promptTokenCount": 60, "candidatesTokenCount": 20},
            {"prompt_eval_count": 60, "eval_count": 20},
            {"prompt_tokens": 60, "total_tokens": 80},
            {"completion_tokens": 20, "total_tokens": "80"},
            {
                "prompt_tokens": 60,
                "completion_tokens": 12,
                "total_tokens": 80,
                "completion_tokens_details": {"reasoning_tokens": 8},
            },
        ],
        ids=range(9),
    )
    def test_what_is_a_count_or_can_be_derived_counts(self, usage: Any, is_stream: bool) -> None:
        with vendor(asked(plain, usage=usage, is_stream=is_stream)) as (llm, _):
            found = ask(llm, is_stream=is_stream).usage
        assert (found.input_tokens, found.output_tokens, found.is_estimate) == (60, 20, False)

    @pytest.mark.parametrize(
        "usage",
        [
            None,
            {},
            {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
            {"prompt_tokens": -5, "completion_tokens": -7},
            {"prompt_tokens": True, "completion_tokens": True},
            {"prompt_tokens": "many", "completion_tokens": None},
            {"prompt_tokens": 10**9, "completion_tokens": 10**9},
            {"prompt_tokens": 1, "completion_tokens": 1},
            {"total_tokens": 1},
            {"total_tokens": 10**12},
            [1, 2],
            "80",
        ],
        ids=range(12),
    )
    def test_what_cant_be_true_is_estimated_and_marked(self, usage: Any, is_stream: bool) -> None:
        request = chat("Write a text. " * 20)
        with vendor(asked(plain, content=LONG, usage=usage, is_stream=is_stream)) as (llm, _):
            found = ask(llm, request, is_stream=is_stream).usage
            assert found.is_estimate
            assert found.input_tokens == llm.estimate_input_tokens(request)
            assert 200 < found.output_tokens < 1_000

    def test_a_total_alone_is_shared_out(self, is_stream: bool) -> None:
        with vendor(asked(plain, content=LONG, usage={"total_tokens": 400}, is_stream=is_stream)) as (llm, _):
            found = ask(llm, is_stream=is_stream).usage
        assert found.is_estimate
        assert found.input_tokens + found.output_tokens == 400
        assert min(found.input_tokens, found.output_tokens) > 0

    def test_a_part_that_is_true_is_kept(self, is_stream: bool) -> None:
        usage = {"prompt_tokens": 60, "completion_tokens": 0}
        with vendor(asked(plain, content=LONG, usage=usage, is_stream=is_stream)) as (llm, _):
            found = ask(llm, is_stream=is_stream).usage
        assert (found.input_tokens, found.is_estimate) == (60, True)
        assert found.output_tokens > 200

    @pytest.mark.parametrize(
        "more",
        [
            {"prompt_tokens_details": {"cached_tokens": 30}},
            {"prompt_cache_hit_tokens": 30},
            {"cached_tokens": "30"},
            {"input_tokens_details": {"cached_tokens": 30.0}},
        ],
        ids=range(4),
    )
    def test_cached_tokens_have_many_names(self, more: Any, is_stream: bool) -> None:
        with vendor(asked(plain, usage={**USAGE, **more}, is_stream=is_stream)) as (llm, _):
            assert ask(llm, is_stream=is_stream).usage == Usage(60, 20, 30)

    def test_no_more_is_cached_than_was_read(self, is_stream: bool) -> None:
        usage = {**USAGE, "cached_tokens": 10**6, "completion_tokens_details": {"reasoning_tokens": 10**6}}
        with vendor(asked(plain, usage=usage, is_stream=is_stream)) as (llm, _):
            assert ask(llm, is_stream=is_stream).usage == Usage(60, 20, 60, 20)


def test_a_count_that_grows_with_the_stream_is_its_last_one() -> None:
    found = [
        {**event, "usage": {"prompt_tokens": 60, "completion_tokens": n * 5 + 5}}
        for n, event in enumerate(events(usage=None))
    ]
    with vendor([*found, {"choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}]) as (llm, _):
        assert ask(llm, is_stream=True).usage == Usage(60, 20)


@both_ways
class TestReasons:
    @pytest.mark.parametrize(
        ("reason", "meaning"),
        [
            *((reason, "stop") for reason in ("STOP", "Stop", "end_turn", "eos_token", "FINISH_REASON_STOP")),
            *((reason, "length") for reason in ("MAX_TOKENS", "max_tokens", "maxTokens", "Length")),
            *((reason, "content_filter") for reason in ("SAFETY", "sensitive", "CONTENT_FILTER")),
            *((reason, "unknown") for reason in (None, "", "null", "wat", 7, {"type": "odd"}, ["stop"], True)),
            ({"type": "stop"}, "stop"),
        ],
    )  # fmt: skip
    def test_synonyms_are_known_and_the_rest_is_an_answer(
        self, reason: Any, meaning: str, is_stream: bool
    ) -> None:
        with vendor(asked(plain, reason=reason, is_stream=is_stream)) as (llm, _):
            answer = ask(llm, is_stream=is_stream)
        assert (answer.text, answer.finish_reason) == ("Hello there.", meaning)

    def test_no_reason_at_the_limit_is_the_limit(self, is_stream: bool) -> None:
        with vendor(asked(plain, reason=None, is_stream=is_stream)) as (llm, _):
            assert ask(llm, chat(max_output_tokens=20), is_stream=is_stream).finish_reason == "length"

    @pytest.mark.parametrize("reason", ["error", "network_error", "insufficient_system_resource", "ABORT"])
    def test_a_vendor_that_says_it_broke_off_is_believed(self, reason: str, is_stream: bool) -> None:
        with (
            vendor(asked(plain, reason=reason, is_stream=is_stream)) as (llm, _),
            pytest.raises(ProviderError) as caught,
        ):
            ask(llm, is_stream=is_stream)
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_OVERLOADED", True)


def test_an_unknown_reason_is_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(finish.log, "warning", lambda event, **more: said.append(more["reason"]))
    monkeypatch.setattr(finish, "_logged", set())
    with vendor(whole(reason="wat")) as (llm, _):
        for _ in range(3):
            ask(llm, is_stream=False)
    assert said == ["wat"]


class TestBodies:
    @both_ways
    @pytest.mark.parametrize(
        "make",
        [
            lambda data: b"\xef\xbb\xbf" + data,
            lambda data: data.decode().encode("utf-16"),
            lambda data: data + b"\n\ndata: [DONE]\n\n",
            lambda data: b"\n\n  " + data + b"\0\0",
            lambda data: b'{"code": 0, "data": ' + data + b"}",
            lambda data: b"[" + data + b"]",
            lambda data: orjson.dumps(data.decode()),
            lambda data: data.replace(b"there", b"\\ud83d there").replace(b"\\ud83d ", b""),
            lambda data: sse(events()),
            lambda data: sse(events(), end=b"\r\n\r\n"),
            lambda data: b": PROCESSING\n\n" + sse(events(), done=False),
        ],
        ids=range(11),
    )
    def test_a_paid_answer_is_read(self, make: Any, is_stream: bool) -> None:
        """Whether a stream was asked for or not."""
        with vendor(make(orjson.dumps(whole()))) as (llm, server):
            answer = ask(llm, is_stream=is_stream)
        assert (answer.text, answer.finish_reason, answer.usage) == ("Hello there.", "stop", Usage(60, 20))
        assert len(server.requests) == 1

    def test_a_half_character_is_replaced(self) -> None:
        with vendor(orjson.dumps(whole("half # there")).replace(b"#", rb"\ud83d")) as (llm, _):
            assert ask(llm, is_stream=False).text == "half \ufffd there"

    def test_a_line_break_that_nobody_escaped_is_one(self) -> None:
        with vendor(orjson.dumps(whole("# Title#Text")).replace(b"#Text", b"\n\tText")) as (llm, server):
            assert ask(llm, is_stream=False).text == "# Title\n\tText"
        assert len(server.requests) == 1

    def test_halves_in_two_pieces_are_one(self) -> None:
        found = sse(events("#$!")).replace(b'"#$!"', rb'"\ud83d"').replace(b'""', rb'"\ude42"')
        with vendor(found) as (llm, _):
            assert ask(llm, is_stream=True).text == "🙂"

    @both_ways
    @pytest.mark.parametrize(
        "body",
        [
            b"<html>Welcome</html>",
            b"",
            b"OK",
            b"{" * 5_000,
            b'{"choices": ' + b"[" * 100_000,
            b'{"id": "c-1", "choices": [{"mess',
        ],
        ids=range(6),
    )
    def test_what_cant_be_read_is_kept_for_staff(self, body: bytes, is_stream: bool) -> None:
        with vendor(body) as (llm, _), pytest.raises(ProviderError) as caught:
            ask(llm, is_stream=is_stream)
        error = caught.value
        assert error.charged is None
        if body:
            assert error.code == "PROVIDER_BAD_ANSWER"
            assert body.decode().startswith(error.raw)
            assert error.raw
        assert "html" not in repr(vars(error))

    @both_ways
    def test_but_not_where_it_repeats_the_key(self, is_stream: bool) -> None:
        with vendor(f"You sent {KEY}".encode()) as (llm, _), pytest.raises(ProviderError) as caught:
            ask(llm, is_stream=is_stream)
        assert caught.value.raw == ""

    def test_a_whole_answer_counts_although_the_connection_broke(self) -> None:
        def answer(talk: Talk) -> None:
            body = orjson.dumps(whole())
            talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + body)
            talk.connection.close()

        with RawServer(answer) as server:
            llm = OpenAIChat(name="vendor", base_url=f"http://127.0.0.1:{server.port}/v1", model="m-1")
            assert ask(llm, is_stream=False).text == "Hello there."


class TestStreams:
    @pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b"\r\n", b"\r"])
    @pytest.mark.parametrize("tail", ["blank", "cut"])
    def test_whatever_ends_lines_and_streams(self, end: bytes, tail: str) -> None:
        found = sse(events(), done=tail == "blank", end=end)
        with vendor(found if tail == "blank" else found.rstrip()) as (llm, _):
            answer = ask(llm, is_stream=True)
        assert (answer.text, answer.finish_reason, answer.usage) == ("Hello there.", "stop", Usage(60, 20))

    def test_a_piece_that_is_cut_after_the_reason_came_loses_nothing(self) -> None:
        found = sse(events(usage=None), done=False) + b'data: {"choices": [], "us'
        with vendor(found) as (llm, _):
            assert ask(llm, is_stream=True).text == "Hello there."

    def test_one_that_is_cut_before_is_lost(self) -> None:
        with (
            vendor(sse(events()[:-2], done=False) + b'data: {"choi') as (llm, _),
            pytest.raises(ProviderError) as caught,
        ):
            ask(llm, is_stream=True)
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_CONNECTION_LOST", None)

    def test_one_json_in_each_line_will_do(self) -> None:
        with vendor(b"\n".join(map(orjson.dumps, events()))) as (llm, _):
            assert ask(llm, is_stream=True).text == "Hello there."

    def test_data_over_several_lines_is_one(self) -> None:
        pretty = [
            orjson.dumps(event, option=orjson.OPT_INDENT_2).replace(b"\n", b"\ndata: ") for event in events()
        ]
        with vendor(sse(pretty)) as (llm, _):
            assert ask(llm, is_stream=True).text == "Hello there."


@both_ways
def test_the_model_that_answered_is_named(is_stream: bool) -> None:
    with vendor(asked(plain, is_stream=is_stream)) as (llm, _):
        assert ask(llm, is_stream=is_stream).answered_model == "m-1"
