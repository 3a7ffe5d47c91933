"""Open WebUI's exports of one chat and of all chats: an array of chats.

Read from what its own program writes (open-webui/open-webui, `src/lib/utils/index.ts`: `convertMessagesToHistory`) and
from exports in tests of programs that read them (danny-avila/LibreChat, `__data__/openwebui-export.json`):

- a chat is `{id, title, chat, created_at, updated_at, archived, pinned, meta}`, times in seconds; `chat` is
  `{title, models, params, history, messages}`;
- `history` is `{currentId, messages}`, messages by id with `parentId`, `role`, `content`, `timestamp`, `model`, `done`,
  `error`, `files`; older chats have only `messages`, an array in its order;
- what the model thought, and what its tools did, stands in the content as `<details type="reasoning">` and other types.
"""

import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from typing import Any

from conversations.domain.imports.records import ImportedConversation, Omission
from conversations.domain.imports.trees import Node, answered_by, node_of, require_few, shown
from conversations.domain.imports.values import (
    conversation_key,
    invalid,
    items,
    mapping,
    maybe_items,
    maybe_mapping,
    moment,
    name,
    named_file,
    text,
    word,
)
from conversations.domain.limits import SYSTEM_PROMPT

SOURCE = "openwebui"
_ROLES = frozenset({"user", "assistant", "system"})
_ASIDE = re.compile(r'<details type="(reasoning|tool_calls|code_interpreter)"[^<>]*>')
_SUMMARY = re.compile(r"\A\s*<summary>[^<]*</summary>\s*")
_END = "</details>"


def is_known(data: Mapping[str, Any]) -> bool:
    chat = data.get("chat")
    return isinstance(chat, dict) and ("history" in chat or "messages" in chat)


def identity(data: Mapping[str, Any]) -> str:
    chat = maybe_mapping(data.get("chat"))
    return conversation_key(
        SOURCE,
        data.get("id") or chat.get("id"),
        data.get("title") or chat.get("title"),
        data.get("created_at") or chat.get("timestamp"),
    )


def conversation(data: Mapping[str, Any]) -> ImportedConversation:
    """Raises `ConversationError`."""
    chat = mapping(data["chat"], "chat")
    omitted: Counter[str] = Counter()
    history = maybe_mapping(chat.get("history"))
    if history.get("messages"):
        by_id = mapping(history["messages"], "chat.history.messages")
        require_few(len(by_id))
        nodes = [
            _node(key, mapping(one, f"chat.history.messages.{key[:80]}"), omitted)
            for key, one in by_id.items()
        ]
        current = history.get("currentId")
    else:
        listed = items(chat.get("messages"), "chat.messages")
        require_few(len(listed))
        nodes, current = _line(listed, omitted), str(len(listed) - 1)
    messages, leaf = shown(nodes, current if isinstance(current, str) else None)
    models = maybe_items(chat.get("models"))
    return ImportedConversation(
        key=identity(data),
        title=word(data.get("title")) or word(chat.get("title")),
        messages=messages,
        current=leaf,
        model=word(models[0]) if models else answered_by(messages),
        system_prompt=_system_prompt(chat, omitted),
        is_archived=data.get("archived") is True,
        is_pinned=data.get("pinned") is True,
        tags={tag: "" for tag in map(word, maybe_items(maybe_mapping(data.get("meta")).get("tags"))) if tag},
        created_at=moment(data.get("created_at") or chat.get("timestamp")),
        updated_at=moment(data.get("updated_at")),
        omitted=omitted,
    )


def _system_prompt(chat: Mapping[str, Any], omitted: Counter[str]) -> str:
    given = maybe_mapping(chat.get("params")).get("system") or chat.get("system") or ""
    return text(given, "chat.params.system", omitted, SYSTEM_PROMPT)


def _line(listed: list[Any], omitted: Counter[str]) -> list[Node]:
    nodes = []
    for number, one in enumerate(listed):
        given = {**mapping(one, f"chat.messages.{number}"), "parentId": str(number - 1) if number else None}
        nodes.append(_node(str(number), given, omitted))
    return nodes


def _node(key: str, given: Mapping[str, Any], omitted: Counter[str]) -> Node:
    key = name(key, "chat.history.messages")
    parent, role = given.get("parentId"), given.get("role")
    if parent is not None:
        parent = name(parent, f"{key}.parentId")
    if role not in _ROLES:
        raise invalid(f"{key}.role")
    content, reasoning = _without_asides(_content(given.get("content"), key, omitted), omitted)
    files = [
        named_file(one.get("name"), "image" if one.get("type") == "image" else "file", omitted)
        for one in map(maybe_mapping, maybe_items(given.get("files")))
    ]
    content = "\n".join(filter(None, (content, *files)))
    return node_of(
        key,
        parent,
        role=role,
        content=content,
        reasoning=reasoning,
        has_failed=bool(given.get("error")),
        broke_off=given.get("done") is False,
        model=word(given.get("model")),
        created_at=moment(given.get("timestamp")),
    )


def _content(value: Any, key: str, omitted: Counter[str]) -> str:
    """A text, or parts as OpenAI's API has them."""
    if not isinstance(value, list):
        return text(value if value is not None else "", f"{key}.content", omitted)
    pieces = []
    for part in map(maybe_mapping, value):
        if isinstance(part.get("text"), str):
            pieces.append(text(part["text"], f"{key}.content", omitted))
        elif part.get("type") == "image_url":
            pieces.append(named_file(None, "image", omitted))
    return "\n".join(pieces)


def _without_asides(content: str, omitted: Counter[str]) -> tuple[str, str]:
    """The text, and what the model thought. What its tools did is counted."""
    said, thought, position = [], [], 0
    while found := _ASIDE.search(content, position):
        end = content.find(_END, found.end())
        if end < 0:
            break
        said.append(content[position : found.start()])
        position = end + len(_END)
        if found[1] == "reasoning":
            inside = _SUMMARY.sub("", content[found.end() : end])
            lines = (line.removeprefix(">").removeprefix(" ") for line in unescape(inside).splitlines())
            thought.append("\n".join(lines).strip())
        else:
            omitted[Omission.TOOLS] += 1
    if not position:
        return content, ""
    said.append(content[position:])
    return "".join(said).strip(), "\n\n".join(filter(None, thought))
