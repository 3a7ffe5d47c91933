"""LibreChat's export of one conversation as JSON.

Read from the program that writes it (danny-avila/LibreChat, `client/src/hooks/Conversations/useExportConversation.ts`)
and from its exports in its own tests (`api/server/utils/import/__data__`):

- `{conversationId, endpoint, title, exportAt, branches, recursive, options}` and `messages`, or `messagesTree` where it
  is `recursive`: then a message has `children`; else it names its `parentMessageId`, or follows the one before;
- a message has `messageId`, `isCreatedByUser`, `text` or `content` (an array of typed parts), `model`, `createdAt`,
  `unfinished`, `error`, `files`. A parent of zeros is none.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from conversations.domain.imports.records import ImportedConversation, Omission
from conversations.domain.imports.trees import ASSISTANT, Node, answered_by, node_of, require_few, shown
from conversations.domain.imports.values import (
    conversation_key,
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

SOURCE = "librechat"
_NO_PARENT = "00000000-0000-0000-0000-000000000000"


def is_known(data: Mapping[str, Any]) -> bool:
    return "conversationId" in data and ("messages" in data or "messagesTree" in data)


def identity(data: Mapping[str, Any]) -> str:
    return conversation_key(SOURCE, data.get("conversationId"), data.get("title"), data.get("exportAt"))


def conversation(data: Mapping[str, Any]) -> ImportedConversation:
    """Raises `ConversationError`."""
    omitted: Counter[str] = Counter()
    given = items(data["messages"] if "messages" in data else data["messagesTree"], "messages")
    nodes = [_node(one, parent, omitted) for one, parent in _flat(given)]
    messages, leaf = shown(nodes, nodes[-1].key if nodes else None)
    options = maybe_mapping(data.get("options"))
    times = [message.created_at for message in messages if message.created_at]
    instructions = options.get("promptPrefix") or options.get("instructions") or options.get("system") or ""
    return ImportedConversation(
        key=identity(data),
        title=word(data.get("title")),
        messages=messages,
        current=leaf,
        model=word(options.get("model")) or answered_by(messages),
        system_prompt=text(instructions, "options.promptPrefix", omitted, SYSTEM_PROMPT),
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        omitted=omitted,
    )


def _flat(given: list[Any]) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """Each message with its parent, nested ones after the one around them."""
    count, before = 0, None
    waiting: list[tuple[Any, str | None, bool]] = [(one, None, False) for one in reversed(given)]
    while waiting:
        one, around, is_nested = waiting.pop()
        count += 1
        require_few(count + len(waiting))
        message = mapping(one, f"messages.{count - 1}")
        key = name(message.get("messageId"), f"messages.{count - 1}.messageId")
        parent = around if is_nested else message.get("parentMessageId", before)
        if parent is not None:
            parent = name(parent, f"messages.{count - 1}.parentMessageId")
        yield message, None if parent == _NO_PARENT else parent
        children = maybe_items(message.get("children"))
        waiting += [(child, key, True) for child in reversed(children)]
        before = key


def _node(given: Mapping[str, Any], parent: str | None, omitted: Counter[str]) -> Node:
    key = given["messageId"]
    role = "user" if given.get("isCreatedByUser") is True else ASSISTANT
    content, reasoning = _content(given, key, omitted)
    files = [
        named_file(one.get("filename") or one.get("name"), "file", omitted)
        for one in map(maybe_mapping, maybe_items(given.get("files")))
    ]
    content = "\n".join(filter(None, (content, *files)))
    return node_of(
        key,
        parent,
        role=role,
        content=content,
        reasoning=reasoning,
        has_failed=given.get("error") is True,
        broke_off=given.get("unfinished") is True,
        model=word(given.get("model")),
        created_at=moment(given.get("createdAt")),
    )


def _content(given: Mapping[str, Any], key: str, omitted: Counter[str]) -> tuple[str, str]:
    """The text, and what the model thought."""
    parts = given.get("content")
    if not isinstance(parts, list):
        said = given.get("text")
        return text(said if said is not None else parts or "", f"{key}.text", omitted), ""
    pieces: list[str] = []
    thoughts: list[str] = []
    for part in map(maybe_mapping, parts):
        kind = part.get("type")
        if kind in {"text", "error"}:
            inside = part.get(kind, part.get("text"))
            inside = inside.get("value") if isinstance(inside, dict) else inside
            pieces.append(text(inside if inside is not None else "", f"{key}.content", omitted))
        elif kind == "think":
            thoughts.append(text(part.get("think") or "", f"{key}.content", omitted))
        elif kind == "image_file":
            pieces.append(named_file(maybe_mapping(part.get("image_file")).get("filename"), "image", omitted))
        else:
            omitted[Omission.TOOLS] += 1
    return "\n\n".join(filter(None, pieces)), "\n\n".join(filter(None, thoughts))
