"""ChatGPT's `conversations.json`, as its data export has it.

OpenAI publishes no schema. What is read here was seen in exports that people have made public and in programs that
read them (danny-avila/LibreChat, `api/server/utils/import`; mitkury/chatgpt-export-parser, `docs`):

- a conversation has `conversation_id` (older: `id` alone), `title`, `create_time` and `update_time` in seconds,
  `current_node`, `default_model_slug`, `is_archived`, `is_starred`, and `mapping`: nodes by id, each with `parent` and
  `message` (null for roots);
- a message has `author.role` (`user`, `assistant`, `system`, `tool`), `recipient` (`all`, or the tool that is called),
  `content.content_type`, `status`, `metadata` (`model_slug`, `attachments`, `is_visually_hidden_from_conversation`);
- texts are `content.parts` of `text` and `multimodal_text`, whose parts may also be pointers at images and sound;
  `thoughts` and `reasoning_recap` are what the model thought; `code`, `execution_output`, `tether_…` and `sonic_…` are
  what passes between the model and its tools; `user_editable_context` is the user's custom instructions.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conversations.domain.imports.records import ImportedConversation, ImportedMessage, Omission
from conversations.domain.imports.trees import ASSISTANT, Node, answered_by, require_few, shown
from conversations.domain.imports.values import (
    conversation_key,
    invalid,
    mapping,
    maybe_items,
    maybe_mapping,
    moment,
    name,
    named_file,
    text,
    word,
)

SOURCE = "chatgpt"
_ROLES = frozenset({"user", "assistant", "system", "tool"})
_UNFINISHED = frozenset({"in_progress", "finished_partial_completion"})
_INSTRUCTIONS = frozenset({"user_editable_context", "model_editable_context"})
_POINTERS = {
    "image_asset_pointer": "image",
    "audio_asset_pointer": "audio",
    "video_container_asset_pointer": "video",
    "real_time_user_audio_video_asset_pointer": "audio",
}


def is_known(data: Mapping[str, Any]) -> bool:
    return "mapping" in data


def identity(data: Mapping[str, Any]) -> str:
    return conversation_key(
        SOURCE, data.get("conversation_id") or data.get("id"), data.get("title"), data.get("create_time")
    )


def conversation(data: Mapping[str, Any]) -> ImportedConversation:
    """Raises `ConversationError`."""
    tree = mapping(data["mapping"], "mapping")
    require_few(len(tree))
    omitted: Counter[str] = Counter()
    nodes = [_node(key, mapping(node, f"mapping.{key[:80]}"), omitted) for key, node in tree.items()]
    current = data.get("current_node")
    messages, leaf = shown(nodes, current if isinstance(current, str) else None)
    return ImportedConversation(
        key=identity(data),
        title=word(data.get("title")),
        messages=messages,
        current=leaf,
        model=word(data.get("default_model_slug")) or answered_by(messages),
        is_archived=data.get("is_archived") is True,
        is_pinned=data.get("is_starred") is True,
        created_at=moment(data.get("create_time")),
        updated_at=moment(data.get("update_time")),
        omitted=omitted,
    )


def _node(key: str, node: Mapping[str, Any], omitted: Counter[str]) -> Node:
    key = name(key, "mapping")
    place = f"mapping.{key}"
    parent = node.get("parent")
    if parent is not None:
        parent = name(parent, f"{place}.parent")
    if node.get("message") is None:
        return Node(key, parent, None)
    message = mapping(node["message"], f"{place}.message")
    content = mapping(message.get("content"), f"{place}.message.content")
    role = mapping(message.get("author"), f"{place}.message.author").get("role")
    if role not in _ROLES:
        raise invalid(f"{place}.message.author.role")
    kind, metadata = content.get("content_type"), maybe_mapping(message.get("metadata"))
    if metadata.get("is_visually_hidden_from_conversation") is True or kind in _INSTRUCTIONS:
        if kind in _INSTRUCTIONS or _text(content, place, Counter()):
            omitted[Omission.HIDDEN] += 1
        return Node(key, parent, None)
    if kind in {"thoughts", "reasoning_recap"}:
        return Node(key, parent, None, _thoughts(content, place, omitted))
    to_a_tool = message.get("recipient") not in (None, "all")
    if to_a_tool or (role == "tool" and not _has_pointer(content)):
        omitted[Omission.TOOLS] += 1
        return Node(key, parent, None)
    said = _text(content, place, omitted)
    said = "\n".join(filter(None, (said, *_attachments(metadata, content, omitted))))
    if not said.strip():
        return Node(key, parent, None)
    shown_message = ImportedMessage(
        key=key,
        parent=parent,
        role=ASSISTANT if role == "tool" else role,
        content=said,
        status=_status(message, metadata),
        created_at=moment(message.get("create_time")),
    )
    if shown_message.role == ASSISTANT:
        shown_message = replace(shown_message, model=word(metadata.get("model_slug")))
    return Node(key, parent, shown_message)


def _status(message: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    broken_off = maybe_mapping(metadata.get("finish_details")).get("type") == "interrupted"
    return "interrupted" if broken_off or message.get("status") in _UNFINISHED else "complete"


def _text(content: Mapping[str, Any], place: str, omitted: Counter[str]) -> str:
    """What a reader saw. Types that nobody knows yet show their texts."""
    place = f"{place}.message.content"
    if content.get("content_type") == "code":
        language = word(content.get("language"))
        fence = f"```{'' if language == 'unknown' else language}"
        return f"{fence}\n{text(content.get('text', ''), place, omitted)}\n```"
    pieces = [_part(part, place, omitted) for part in maybe_items(content.get("parts"))]
    if not pieces and "text" in content:
        pieces = [text(content["text"], place, omitted)]
    return "\n".join(filter(None, pieces))


def _part(part: Any, place: str, omitted: Counter[str]) -> str:
    if isinstance(part, str):
        return text(part, place, omitted)
    part = maybe_mapping(part)
    kind = part.get("content_type")
    if kind in _POINTERS:
        drawn = maybe_mapping(maybe_mapping(part.get("metadata")).get("dalle"))
        return named_file(drawn.get("serialization_title") and drawn.get("prompt"), _POINTERS[kind], omitted)
    if isinstance(part.get("text"), str):
        return text(part["text"], place, omitted)
    return ""


def _has_pointer(content: Mapping[str, Any]) -> bool:
    parts = maybe_items(content.get("parts"))
    return any(maybe_mapping(part).get("content_type") in _POINTERS for part in parts)


def _attachments(metadata: Mapping[str, Any], content: Mapping[str, Any], omitted: Counter[str]) -> list[str]:
    """Files by their names; images that the content points at are there already."""
    pointed = " ".join(
        str(maybe_mapping(part).get("asset_pointer")) for part in maybe_items(content.get("parts"))
    )
    found = []
    for one in map(maybe_mapping, maybe_items(metadata.get("attachments"))):
        if not (word(one.get("id")) and word(one.get("id")) in pointed):
            found.append(named_file(one.get("name"), "file", omitted))
    return found


def _thoughts(content: Mapping[str, Any], place: str, omitted: Counter[str]) -> str:
    pieces = []
    for one in map(maybe_mapping, maybe_items(content.get("thoughts"))):
        pieces += [one.get("summary"), one.get("content")]
    return "\n\n".join(text(piece, place, omitted) for piece in pieces if isinstance(piece, str) and piece)
