"""What other programs export, as trees of messages."""

import io
import json
from typing import Any

import pytest

from conversations.domain.imports.reading import ConversationFile
from conversations.domain.imports.records import (
    ConversationReason,
    ImportedConversation,
    ImportedItem,
    RefusedConversation,
)
from tests.conversations.exports import (
    chatgpt,
    chatgpt_node,
    librechat,
    librechat_message,
    openwebui,
    openwebui_message,
)

Tree = list[tuple[str, str | None, str, str]]


def items_of(data: Any) -> list[ImportedItem]:
    return list(ConversationFile(io.BytesIO(json.dumps(data).encode())))


def only(data: Any) -> ImportedConversation:
    [item] = items_of([data])
    assert isinstance(item, ImportedConversation), item
    return item


def refused(data: Any) -> RefusedConversation:
    """Beside one that is fine."""
    _fine, item = items_of([chatgpt(chatgpt_node("u", None, "user", "茶")), data])
    assert isinstance(item, RefusedConversation), item
    return item


def tree(item: ImportedConversation) -> Tree:
    return [(one.key, one.parent, one.role, one.content) for one in item.messages]


class TestChatGpt:
    def test_branches_stay_and_what_nobody_saw_goes(self) -> None:
        hidden = {"is_visually_hidden_from_conversation": True}
        item = only(
            chatgpt(
                chatgpt_node("root", None),
                chatgpt_node("sys", "root", "system", "", metadata=hidden),
                chatgpt_node(
                    "me", "sys", "user", content={"content_type": "user_editable_context"}, metadata=hidden
                ),
                chatgpt_node("u1", "me", "user", "泡茶？"),
                chatgpt_node("a1", "u1", "assistant", "80 °C"),
                chatgpt_node("a2", "u1", "assistant", "85 °C"),
                chatgpt_node("u2", "me", "user", "煮茶？"),
                current_node="a1",
            )
        )
        assert tree(item) == [
            ("u1", None, "user", "泡茶？"),
            ("a1", "u1", "assistant", "80 °C"),
            ("a2", "u1", "assistant", "85 °C"),
            ("u2", None, "user", "煮茶？"),
        ]
        assert (item.key, item.current, item.model) == (
            "chatgpt:6b0f0d9c-0000-4000-8000-000000000001",
            "a1",
            "gpt-5",
        )
        assert item.omitted == {"hidden": 1}
        assert item.created_at is not None
        assert item.created_at.isoformat() == "2025-08-24T01:46:40.500000+00:00"

    def test_an_answer_in_pieces_with_tools_and_thoughts_is_one_message(self) -> None:
        thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "想", "content": "要查。"}]}
        item = only(
            chatgpt(
                chatgpt_node("u", None, "user", "天气？"),
                chatgpt_node("t", "u", "assistant", content=thoughts),
                chatgpt_node("a1", "t", "assistant", "我查一下。"),
                chatgpt_node("call", "a1", "assistant", "search()", recipient="web.run"),
                chatgpt_node("tool", "call", "tool", "晴"),
                chatgpt_node("a2", "tool", "assistant", "晴天。", status="in_progress"),
            )
        )
        assert tree(item) == [("u", None, "user", "天气？"), ("a1", "u", "assistant", "我查一下。\n\n晴天。")]
        answer = item.messages[1]
        assert (answer.reasoning, answer.status, item.current) == ("想\n\n要查。", "interrupted", "a1")
        assert item.omitted == {"tools": 2}

    def test_files_are_named_and_not_brought(self) -> None:
        picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-A1"}
        parts = {"content_type": "multimodal_text", "parts": [picture, "这是什么茶？"]}
        attachments = [{"id": "file-A1", "name": "tea.png"}, {"id": "file-B2", "name": "list].pdf"}]
        drawn = {"content_type": "multimodal_text", "parts": [picture]}
        item = only(
            chatgpt(
                chatgpt_node("u", None, "user", content=parts, metadata={"attachments": attachments}),
                chatgpt_node("drawn", "u", "tool", content=drawn),
            )
        )
        assert tree(item) == [
            ("u", None, "user", "[image]\n这是什么茶？\n[file: list).pdf]"),
            ("drawn", "u", "assistant", "[image]"),
        ]
        assert item.omitted == {"files": 3}

    def test_code_and_what_nobody_knows_yet_show_their_text(self) -> None:
        item = only(
            chatgpt(
                chatgpt_node(
                    "a",
                    None,
                    "assistant",
                    content={"content_type": "code", "language": "python", "text": "1"},
                ),
                chatgpt_node("b", "a", "user", content={"content_type": "new_kind", "text": "新"}),
            )
        )
        assert [one.content for one in item.messages] == ["```python\n1\n```", "新"]


class TestOpenWebUi:
    def test_a_tree_with_what_the_model_thought(self) -> None:
        thought = (
            '<details type="reasoning" done="true"><summary>3 s</summary>&gt; 想&lt;茶&gt;</details>\n热水。'
        )
        called = '<details type="tool_calls"><summary>x</summary>晴</details>晴天。'
        messages = {
            "a1": openwebui_message("a1", "u", "assistant", thought, model="r1"),
            "u": openwebui_message("u", None, "user", "泡茶？", files=[{"type": "image", "name": "茶.png"}]),
            "a2": openwebui_message("a2", "u", "assistant", called, done=False),
        }
        item = only(openwebui({"currentId": "a1", "messages": messages}))
        assert tree(item) == [
            ("u", None, "user", "泡茶？\n[image: 茶.png]"),
            ("a1", "u", "assistant", "热水。"),
            ("a2", "u", "assistant", "晴天。"),
        ]
        first, second = item.messages[1:]
        assert (first.reasoning, first.model, second.status) == ("想<茶>", "r1", "interrupted")
        assert (item.system_prompt, item.is_pinned, dict(item.tags), item.current) == (
            "回答简短",
            True,
            {"茶": ""},
            "a1",
        )
        assert item.omitted == {"files": 1, "tools": 1}

    def test_the_older_array(self) -> None:
        said = [
            {"role": "user", "content": "茶？", "timestamp": 1_700_000_000},
            {"role": "assistant", "content": "茶。"},
        ]
        item = only(openwebui(messages=said))
        assert tree(item) == [("0", None, "user", "茶？"), ("1", "0", "assistant", "茶。")]
        assert item.current == "1"


class TestLibreChat:
    def test_flat_with_branches(self) -> None:
        item = only(
            librechat(
                [
                    librechat_message("u", None, "茶？", is_user=True),
                    librechat_message("a", "u", "茶。", is_user=False),
                    librechat_message("b", "u", "", is_user=False, content=[
                        {"type": "think", "think": "想"},
                        {"type": "text", "text": {"value": "绿茶。"}},
                        {"type": "tool_call", "tool_call": {}},
                    ], unfinished=True),
                ]
            )
        )  # fmt: skip
        assert tree(item) == [
            ("u", None, "user", "茶？"), ("a", "u", "assistant", "茶。"), ("b", "u", "assistant", "绿茶。"),
        ]  # fmt: skip
        last = item.messages[-1]
        assert (last.reasoning, last.status, last.model) == ("想", "interrupted", "gpt-4o")
        assert (item.system_prompt, item.current, item.omitted) == ("回答简短", "b", {"tools": 1})

    def test_nested_however_deep(self) -> None:
        nested = librechat_message("0", None, "茶 0", is_user=True)
        top = nested
        for number in range(1, 3_000):
            below = librechat_message(str(number), None, f"茶 {number}", is_user=number % 2 == 0)
            nested["children"] = [below]
            nested = below
        import sys

        before = sys.getrecursionlimit()
        sys.setrecursionlimit(20_000)
        try:
            data = json.dumps(librechat([top], recursive=True))
        finally:
            sys.setrecursionlimit(before)
        [item] = ConversationFile(io.BytesIO(data.encode()))
        assert isinstance(item, ImportedConversation)
        assert len(item.messages) == 3_000
        assert item.messages[-1].parent == "2998"


U = chatgpt_node("u", "root", "user", "茶")
ROOT = chatgpt_node("root", None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (chatgpt(chatgpt_node("a", "b", "user", "x"), chatgpt_node("b", "a", "user", "x"), ROOT), "cycle"),
        (chatgpt(chatgpt_node("a", "a", "user", "x"), ROOT), "cycle"),
        (chatgpt(chatgpt_node("a", "b", "user", "x"), chatgpt_node("b", "a", "user", "x")), "root_missing"),
        (chatgpt(U), "parent_unknown"),
        (chatgpt(ROOT), "empty"),
        (chatgpt(), "empty"),
        (chatgpt(ROOT, mapping=[1]), "invalid"),
        (chatgpt(ROOT, mapping={"a": 1}), "invalid"),
        (chatgpt(chatgpt_node("a", None, "user", author={"role": "king"})), "invalid"),
        (chatgpt(chatgpt_node("a", None, "user", author=None)), "invalid"),
        (chatgpt(chatgpt_node("a", None, "user", content="x")), "invalid"),
        (chatgpt({**U, "parent": 3}, ROOT), "invalid"),
        (chatgpt(ROOT, chatgpt_node("u", "root", "user", "茶" * 1_000_001)), "text_too_long"),
        (chatgpt(*[chatgpt_node(f"{n}", None) for n in range(10_001)]), "too_large"),
        ({"id": "x", "title": "茶"}, "unknown"),
        ("茶", "unknown"),
        (3, "unknown"),
        (None, "unknown"),
        ([[]], "unknown"),
        (librechat([librechat_message("u", None, "x", is_user=True)] * 2), "repeated"),
        (librechat([librechat_message("u", "v", "x", is_user=True)]), "parent_unknown"),
        (librechat([{"text": "x"}]), "invalid"),
        (librechat([{"messageId": "u", "text": 3}]), "invalid"),
        (openwebui({"messages": {"u": openwebui_message("u", None, "tool", "x")}}), "invalid"),
        (openwebui({"messages": {"u": openwebui_message("u", 7, "user", "x")}}), "invalid"),
        (openwebui(messages=[]), "empty"),
        (
            {
                "id": "1",
                "title": "t",
                "messages": [{"id": "u", "parent_id": None, "role": "x", "content": ""}],
            },
            "invalid",
        ),
        (
            {
                "id": "1",
                "messages": [
                    {"id": "u", "parent_id": None, "role": "user", "content": "", "cost_micros": -1}
                ],
            },
            "invalid",
        ),
    ],
)
def test_what_is_no_conversation_is_named_and_the_rest_comes(data: Any, reason: str) -> None:
    item = refused(data)
    assert item.reason is ConversationReason(reason)


def test_a_refused_one_says_which_it_is() -> None:
    item = refused(chatgpt(U))
    assert (item.title, item.key) == ("绿茶 Green tea", "chatgpt:6b0f0d9c-0000-4000-8000-000000000001")


@pytest.mark.parametrize("value", [True, "x", -1, 1e25, 1e300, None, [], {}, "2024-13-01"])
def test_times_that_are_none_do_no_harm(value: Any) -> None:
    assert (
        only(chatgpt(chatgpt_node("u", None, "user", "茶", create_time=value), create_time=value)).created_at
        is None
    )


def test_characters_that_cant_be_stored_are_replaced_and_counted() -> None:
    [item] = ConversationFile(io.BytesIO(json.dumps(
        [chatgpt(chatgpt_node("u", None, "user", "a\x00b\ud83d"), title="\x00茶\ud83d")]
    ).encode()))  # fmt: skip
    assert isinstance(item, ImportedConversation)
    assert item.messages[0].content == "a\ufffdb?"
    assert item.title == "茶?"
    assert item.omitted == {"characters": 1}


def test_what_has_no_id_is_met_again_by_what_it_says() -> None:
    bare = {"conversation_id": None, "id": None}
    first, same, other = (
        only(chatgpt(chatgpt_node("u", None, "user", "茶"), title=title, **bare)) for title in ("a", "a", "b")
    )
    assert first.key == same.key != other.key
    long = only(chatgpt(chatgpt_node("u", None, "user", "茶"), conversation_id="x" * 5_000))
    assert len(long.key) < 100
