"""Which messages go along to the model."""

from __future__ import annotations

import pytest

from conversations.domain.context import LEAST_CUT_TOKENS, Context, Said, choose_context
from conversations.errors import MessageTooLongError, SystemPromptTooLongError
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.tokens import estimate_input_tokens, estimate_tokens


def said(number: int, content: str = "", **fields: object) -> Said:
    """Even numbers are a user's, odd ones an assistant's."""
    role = "assistant" if number % 2 else "user"
    return Said(id=str(number), role=role, content=content or f"message {number}", **fields)  # type: ignore[arg-type]


def choose(branch: list[Said], **fields: object) -> Context:
    fields = {"context_tokens": 1_000, "max_output_tokens": 400, **fields}
    return choose_context(branch, **fields)  # type: ignore[arg-type]


def ids(context: Context) -> list[str]:
    return [one.id for one in context.messages]


LONG = "Many words of a text that somebody pasted. " * 200
LONG_CHINESE = "这是有人粘贴进来的一段很长的文字。" * 100


class TestWhatGoesAlong:
    def test_everything_where_it_fits(self) -> None:
        context = choose([said(number) for number in range(5)])
        assert ids(context) == ["0", "1", "2", "3", "4"]
        assert (context.left_out, context.cut) == ((), ())

    def test_a_first_message_alone(self) -> None:
        assert ids(choose([said(0)])) == ["0"]

    def test_the_newest_without_a_gap(self) -> None:
        branch = [said(number, "word " * 60) for number in range(21)]
        context = choose(branch)
        assert ids(context) == [str(number) for number in range(21 - len(context.messages), 21)]
        assert 2 < len(context.messages) < 10
        assert context.messages[0].role == "user"
        assert [one.id for one in context.left_out] == [
            str(number) for number in reversed(range(21 - len(context.messages)))
        ]

    @pytest.mark.parametrize("most", range(8))
    def test_at_most_so_many_earlier_ones_and_no_answer_without_its_question(self, most: int) -> None:
        context = choose([said(number) for number in range(9)], context_messages=most)
        assert len(context.messages) == 1 + most - most % 2
        assert context.messages[0].role == "user"

    def test_messages_without_a_text_are_passed_over(self) -> None:
        """An answer that failed says nothing, and vendors refuse it."""
        branch = [said(0), said(1), said(2), said(3, "  "), said(4)]
        context = choose(branch, context_messages=3)
        assert ids(context) == ["0", "1", "2", "4"]
        assert context.left_out == ()

    def test_an_instruction_within_the_conversation_goes_along(self) -> None:
        branch = [said(0), said(1), Said("s", "system", "From here on in French."), said(2)]
        assert ids(choose(branch)) == ["0", "1", "s", "2"]


class TestCutting:
    @pytest.mark.parametrize("text", [LONG, LONG_CHINESE])
    @pytest.mark.parametrize("place", [0, 1])
    def test_a_long_one_loses_its_middle_and_pushes_nothing_out(self, text: str, place: int) -> None:
        branch = [said(0), said(1), said(2)]
        branch[place] = said(place, text)
        context = choose(branch)
        assert ids(context) == ["0", "1", "2"]
        kept = context.messages[place].content
        [cut] = context.cut
        assert cut.id == str(place)
        assert f"{cut.characters} characters left out" in kept
        assert kept.startswith(text[:50])
        assert kept.endswith(text[-50:])
        head, _, tail = kept.partition("\n\n[…")
        tail = tail.partition("…]\n\n")[2]
        assert len(head) + len(tail) + cut.characters == len(text)

    def test_the_last_exchange_is_there_however_long_it_was(self) -> None:
        context = choose([said(0, LONG), said(1, LONG), said(2)])
        assert ids(context) == ["0", "1", "2"]
        assert len(context.cut) == 2
        assert context.input_tokens + context.output_tokens <= 1_000

    def test_nothing_is_cut_to_a_stump(self) -> None:
        context = choose([said(0, LONG), said(1), said(2, "word " * (3 * (600 - LEAST_CUT_TOKENS) // 5))])
        assert ids(context) == ["2"]
        assert context.cut == ()

    def test_images_count_and_are_not_cut(self) -> None:
        context = choose([said(0, attached_tokens=590), said(1), said(2)])
        assert ids(context) == ["2"]
        context = choose([said(0, attached_tokens=250), said(1), said(2)])
        assert ids(context) == ["0", "1", "2"]

    def test_no_more_images_than_vendors_take(self) -> None:
        context = choose([said(number, images=7 * (number % 2 == 0)) for number in range(7)])
        assert ids(context) == ["4", "5", "6"]
        assert context.record()["images"] == 14
        assert context.record()["images_left_out"] == 14

    def test_images_that_the_model_cannot_read_are_told(self) -> None:
        context = choose([said(0, unseen=2), said(1), said(2)])
        assert (context.record()["images"], context.record()["images_left_out"]) == (0, 2)


class TestRoom:
    def test_what_was_chosen_fits_beside_the_answer(self) -> None:
        for limit in (10, 400, 5_000):
            for prompt in ("", "Be brief. " * 20):
                branch = [said(number, "这是一句话。" * number) for number in range(31)]
                context = choose(branch, system_prompt=prompt, max_output_tokens=limit)
                sent = [ChatMessage(one.role, one.content) for one in context.messages]
                messages = (ChatMessage("system", prompt), *sent) if prompt else tuple(sent)
                request = ChatRequest(messages, context.output_tokens)
                assert estimate_input_tokens(request) + context.output_tokens <= 1_000 + 3
                assert min(limit, 500) <= context.output_tokens <= limit

    def test_a_system_prompt_that_does_not_fit(self) -> None:
        with pytest.raises(SystemPromptTooLongError) as caught:
            choose([said(0)], system_prompt=LONG)
        assert caught.value.params["room"] == 600

    def test_a_message_that_does_not_fit(self) -> None:
        with pytest.raises(MessageTooLongError):
            choose([said(0, LONG)])
        with pytest.raises(MessageTooLongError):
            choose([said(0, attached_tokens=700)])

    def test_a_model_that_nobody_knows_is_asked_all_the_same(self) -> None:
        huge = LONG * 100
        assert estimate_tokens(huge) > 100_000
        context = choose([said(0), said(1), said(2, huge)], context_tokens=None)
        assert ids(context) == ["2"]
        assert context.output_tokens == 400
        assert ids(choose([said(0), said(1), said(2)], context_tokens=None)) == ["0", "1", "2"]

    def test_only_a_user_is_answered(self) -> None:
        with pytest.raises(ValueError, match="user's"):
            choose([said(0), said(1)])


def test_the_record_says_what_was_left_out_and_cut() -> None:
    branch = [said(0), said(1, "word " * 200), said(2, LONG), said(3), said(4)]
    context = choose(branch)
    assert context.record() == {
        "messages": 3,
        "first_id": "2",
        "images": 0,
        "images_left_out": 0,
        "left_out": 2,
        "left_out_characters": len("message 0") + len("word ") * 200,
        "left_out_ids": ["1", "0"],
        "cut": [{"id": "2", "characters": context.cut[0].characters}],
        "input_tokens": context.input_tokens,
        "output_tokens": 400,
        "context_tokens": 1_000,
    }
