"""Exports of other programs, made small: the shapes are theirs, the words are ours."""

from typing import Any

T = 1_756_000_000.5


def chatgpt_node(
    key: str,
    parent: str | None,
    role: str = "",
    text: str = "",
    *,
    children: tuple[str, ...] = (),
    **message: Any,
) -> dict[str, Any]:
    """A node of `mapping`. `message` overrides members of its message; without a role it has none."""
    said: dict[str, Any] | None = None
    if role:
        said = {
            "id": key,
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": T,
            "update_time": None,
            "content": {"content_type": "text", "parts": [text]},
            "status": "finished_successfully",
            "end_turn": True,
            "weight": 1.0,
            "metadata": {"model_slug": "gpt-5"} if role == "assistant" else {},
            "recipient": "all",
            "channel": "final",
            **message,
        }
    return {"id": key, "message": said, "parent": parent, "children": list(children)}


def chatgpt(*nodes: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "title": "绿茶 Green tea",
        "create_time": T,
        "update_time": T + 100,
        "mapping": {node["id"]: node for node in nodes},
        "moderation_results": [],
        "current_node": nodes[-1]["id"] if nodes else None,
        "conversation_id": "6b0f0d9c-0000-4000-8000-000000000001",
        "is_archived": False,
        "is_starred": None,
        "safe_urls": [],
        "default_model_slug": "gpt-5",
        "id": "6b0f0d9c-0000-4000-8000-000000000001",
        **members,
    }


def chatgpt_small(number: int = 1, **members: Any) -> dict[str, Any]:
    """A question and its answer."""
    return chatgpt(
        chatgpt_node("root", None),
        chatgpt_node("u", "root", "user", f"问题 {number}"),
        chatgpt_node("a", "u", "assistant", f"回答 {number}"),
        **{"conversation_id": f"6b0f0d9c-0000-4000-8000-{number:012}", "title": f"茶 {number}", **members},
    )


def openwebui(history: dict[str, Any] | None = None, **chat: Any) -> dict[str, Any]:
    return {
        "id": "c0ffee",
        "user_id": "u1",
        "title": "绿茶",
        "chat": {
            "title": "绿茶",
            "models": ["llama3.1:latest"],
            "params": {"system": "回答简短"},
            **({"history": history} if history is not None else {}),
            **chat,
        },
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_010,
        "share_id": None,
        "archived": False,
        "pinned": True,
        "meta": {"tags": ["茶"]},
        "folder_id": None,
    }


def openwebui_message(
    key: str, parent: str | None, role: str, content: Any, **members: Any
) -> dict[str, Any]:
    return {
        "id": key, "parentId": parent, "childrenIds": [], "role": role, "content": content,
        "timestamp": 1_700_000_001, **members,
    }  # fmt: skip


def librechat(messages: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
    return {
        "conversationId": "4a86c40e-e627-4454-b158-889680e23ad3",
        "endpoint": "openAI",
        "title": "绿茶",
        "exportAt": "13:18:04 GMT-0400 (Eastern Daylight Time)",
        "branches": True,
        "recursive": False,
        "options": {"model": "gpt-4o", "promptPrefix": "回答简短"},
        "messages": messages,
        **members,
    }


def librechat_message(
    key: str, parent: str | None, text: str, *, is_user: bool, **members: Any
) -> dict[str, Any]:
    return {
        "messageId": key, "parentMessageId": parent or "00000000-0000-0000-0000-000000000000", "text": text,
        "isCreatedByUser": is_user, "sender": "User" if is_user else "GPT", "error": False, "unfinished": False,
        "model": None if is_user else "gpt-4o", "createdAt": "2024-05-01T16:35:11.530Z", **members,
    }  # fmt: skip
