"""Which messages of a conversation go along to the model: a choice that is made here, stored, and shown.

The system prompt and the last message always go. Of the earlier ones, as many of the newest as fit: no gaps, and never
beginning with an answer whose question was left out. One that is longer than half of their room loses its middle, so
that a long document doesn't push out everything else, and the last exchange is always there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from conversations.domain.limits import IMAGES_AT_ONCE
from conversations.errors import MessageTooLongError, SystemPromptTooLongError
from generation.providers.llm.base import ChatMessage, Role
from generation.providers.llm.tokens import estimate_message_tokens

#: What is assumed of a model whose context nobody knows: most of those that people serve themselves take as much.
ASSUMED_CONTEXT_TOKENS: Final = 32_768
#: A message isn't cut to less than this; it stays behind.
LEAST_CUT_TOKENS: Final = 100
#: Ids of messages left out that are named; the rest are counted.
NAMED_LEFT_OUT: Final = 100

_GAP: Final = "\n\n[… {characters} characters left out · 此处省略 {characters} 个字符 …]\n\n"


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the branch.

    `attached_tokens` is what its attachments take at most; they go along whole or not at all. `images` are those that
    the model sees, `unseen` those that it can't read.
    """

    id: str
    role: Role
    content: str
    attached_tokens: int = 0
    images: int = 0
    unseen: int = 0

    @property
    def tokens(self) -> int:
        return estimate_message_tokens(ChatMessage(self.role, self.content)) + self.attached_tokens

    @property
    def is_empty(self) -> bool:
        return not self.content.strip() and not self.attached_tokens


@dataclass(frozen=True, slots=True)
class Cut:
    """A message that went along without its middle."""

    id: str
    characters: int


@dataclass(frozen=True, slots=True)
class Context:
    """What goes along, oldest first, as it is sent; `messages` ends with the one to answer.

    `left_out` are the earlier messages that stayed behind, newest first. `input_tokens` is an upper estimate,
    `output_tokens` what is left for the answer, `context_tokens` what the model takes (None: not known).
    """

    messages: tuple[Said, ...]
    left_out: tuple[Said, ...]
    cut: tuple[Cut, ...]
    input_tokens: int
    output_tokens: int
    context_tokens: int | None

    def record(self) -> dict[str, Any]:
        """As it is stored with the answer and shown."""
        return {
            "messages": len(self.messages),
            "first_id": self.messages[0].id,
            "images": sum(said.images for said in self.messages),
            "left_out": len(self.left_out),
            "left_out_characters": sum(len(said.content) for said in self.left_out),
            "left_out_ids": [said.id for said in self.left_out[:NAMED_LEFT_OUT]],
            "images_left_out": sum(
                [
                    *(said.unseen for said in self.messages),
                    *(said.images + said.unseen for said in self.left_out),
                ]
            ),
            "cut": [{"id": cut.id, "characters": cut.characters} for cut in self.cut],
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "context_tokens": self.context_tokens,
        }


def choose_context(
    branch: Sequence[Said],
    *,
    system_prompt: str = "",
    context_tokens: int | None,
    max_output_tokens: int,
    context_messages: int | None = None,
) -> Context:
    """The context of an answer to the last message of `branch` (oldest first), which is a user's.

    `max_output_tokens` is the answer's room, or half of the context where that is less. At most `context_messages`
    earlier messages go along (None: as many as fit). Messages without a text, such as failed answers, are passed over.

    Raises `SystemPromptTooLongError` and `MessageTooLongError` for what doesn't fit by itself into a context that is
    known; in one that nobody knows, the model's vendor decides.
    """
    *earlier, last = branch
    if last.role != "user":
        raise ValueError("The message to answer must be a user's.")
    whole = context_tokens or ASSUMED_CONTEXT_TOKENS
    room = whole - min(max_output_tokens, whole // 2)
    system = estimate_message_tokens(ChatMessage("system", system_prompt)) if system_prompt else 0
    if context_tokens is not None:
        if system > room:
            raise SystemPromptTooLongError(tokens=system, room=room)
        if system + last.tokens > room:
            raise MessageTooLongError(tokens=last.tokens, room=room - system)
    taken = _newest(
        earlier, room - system - last.tokens, most=context_messages, images=IMAGES_AT_ONCE - last.images
    )
    ids = {said.id for said, _ in taken}
    messages = (*(said for said, _ in taken), last)
    input_tokens = system + sum(said.tokens for said in messages)
    return Context(
        messages=messages,
        left_out=tuple(said for said in reversed(earlier) if said.id not in ids and not said.is_empty),
        cut=tuple(Cut(said.id, lost) for said, lost in taken if lost),
        input_tokens=input_tokens,
        output_tokens=(
            max_output_tokens if context_tokens is None else min(max_output_tokens, whole - input_tokens)
        ),
        context_tokens=context_tokens,
    )


def _newest(earlier: Sequence[Said], room: int, *, most: int | None, images: int) -> list[tuple[Said, int]]:
    """The newest messages that fit, oldest first, with the characters that each has lost."""
    taken: list[tuple[Said, int]] = []
    share = room // 2
    for said in reversed(earlier):
        if said.is_empty:
            continue
        if most is not None and len(taken) >= most:
            break
        kept, lost = _shortened(said, share) if said.tokens > share else (said, 0)
        if kept.tokens > room or kept.images > images:
            break
        room -= kept.tokens
        images -= kept.images
        taken.append((kept, lost))
    taken.reverse()
    first = next((place for place, (said, _) in enumerate(taken) if said.role == "user"), len(taken))
    return taken[first:]


def _shortened(said: Said, room: int) -> tuple[Said, int]:
    """The message without its middle, in at most `room` tokens if that is possible, and how much was lost."""
    if room - said.attached_tokens < LEAST_CUT_TOKENS:
        return said, 0
    kept = bisect_right(
        range(len(said.content)),
        room,
        key=lambda kept: replace(said, content=_ends(said.content, kept)).tokens,
    )
    kept = max(kept - 1, 0)
    return replace(said, content=_ends(said.content, kept)), len(said.content) - kept


def _ends(text: str, kept: int) -> str:
    """`kept` characters of a text, two thirds from its beginning and the rest from its end, and what lies between
    them as a number."""
    tail = kept // 3
    return text[: kept - tail] + _GAP.format(characters=len(text) - kept) + text[len(text) - tail :]
