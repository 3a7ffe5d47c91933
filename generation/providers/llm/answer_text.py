"""The text of an answer as it should have come: no thoughts in it, no control tokens around it, whole characters.

Whole answers and streams go the same way, so that both say the same.
"""

from __future__ import annotations

import re
from typing import Final

from generation.providers.llm.base import ChatDelta
from generation.providers.llm.thought_tags import ThoughtSplitter

HOLD_CHARACTERS: Final = 80
"""Kept back at the beginning of a stream where thoughts may come without an opening tag."""

# What chat templates put around an answer: <|im_end|>, <｜end▁of▁sentence｜>, </s>, <eos>, <end_of_turn>, [/INST]; but
# not what tells thoughts from text, which is left to `thought_tags`.
_CONTROL = (
    r"(?:<\|(?!(?:channel|message|begin_of_thought|begin_of_solution|START_THINKING)\|)[\w▁]{1,40}\|>"
    r"|<｜[\w▁ ]{1,40}｜>|</s>|<s>(?=\s)|<eos>|<(?:start|end)_of_turn>|\[/?INST\])"
)
_AT_END: Final = re.compile(rf"(?:\s*{_CONTROL})+\s*\Z")
_HALF: Final = re.compile(r"(?:<[^<>\s]{0,42}|\[/?I?N?S?T?)\Z")
_HELD: Final = re.compile(rf"\s*(?:{_CONTROL}\s*)*(?:{_HALF.pattern})?\Z")
_AT_START: Final = re.compile(rf"\A\s*(?:{_CONTROL}\s*(?:(?:assistant|model)\b[^\S\n]*\n?)?)+")
_MAY_START: Final = re.compile(r"\A\s*(?:[<\[]|\Z)")
#: Where a model that nobody stopped goes on with the next turn of the conversation.
_NEXT_TURN: Final = re.compile(
    r"(?:<\|(?:im_end|eot_id|eom_id|end|endoftext)\|>|<end_of_turn>|</s>)\s*"
    r"(?:<\|(?:im_start|start_header_id|system|user|assistant)\|>|<start_of_turn>|<s>\s*\[INST\])"
)
_FENCE: Final = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_LONGEST = 200


class AnswerText:
    """Takes an answer in pieces and gives it out in clean ones; `text` and `reasoning` are what has come of it so far.

    `cut` is what was left out besides thoughts. `hold` as in `ThoughtSplitter`, for streams that somebody reads.
    """

    def __init__(self, *, hold: int = 0) -> None:
        self.cut = ""
        self._splitter = ThoughtSplitter(hold=hold)
        self._waiting = ""
        self._is_begun = False
        self._is_over = False
        self._passed: list[str] = []
        self._text: list[str] = []
        self._reasoning: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._text)[self.misplaced :]

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    @property
    def misplaced(self) -> int:
        return self._splitter.misplaced

    def feed(self, text: str = "", reasoning: str = "") -> ChatDelta | None:
        """The piece that can be handed on, if there is one."""
        if reasoning:
            self._splitter.release()
        if self._is_over:
            self.cut = f"{self.cut}{text}"[:_LONGEST]
        else:
            self._waiting += text
            self._end_before_next_turn()
        parted = self._splitter.feed(self._without_tokens())
        return self._given(parted.text, whole_characters(reasoning) + parted.thoughts)

    def end(self) -> ChatDelta | None:
        at_end = _AT_END.search(self._waiting)
        if at_end and not ("</s>" in at_end[0] and "<s>" in self.text):
            self.cut += at_end[0].strip()
            self._waiting = self._waiting[: at_end.start()]
        first = self._splitter.feed(whole_characters(self._waiting))
        self._waiting = ""
        last = self._splitter.end()
        return self._given(first.text + last.text, first.thoughts + last.thoughts)

    def _end_before_next_turn(self) -> None:
        """What a model says after its own turn is no answer; a document about such tokens has them in code."""
        found = _NEXT_TURN.search(self._waiting)
        if not found:
            return
        before = "".join([*self._passed, self._waiting[: found.start()]])
        if before.strip() and len(_FENCE.findall(before)) % 2 == 0:
            self.cut = f"{self.cut}{self._waiting[found.start() :]}"[:_LONGEST]
            self._waiting = self._waiting[: found.start()]
            self._is_over = True

    def _without_tokens(self) -> str:
        """What is waiting, but for what may be part of a control token or half a character."""
        if not self._is_begun:
            if len(self._waiting) < _LONGEST and _MAY_START.match(self._waiting) and not self._is_known():
                return ""
            self._is_begun = True
            at_start = _AT_START.match(self._waiting)
            if at_start:
                self.cut += at_start[0].strip()
                self._waiting = self._waiting[at_start.end() :]
        tail = max(0, len(self._waiting) - _LONGEST)
        held = _HELD.search(self._waiting, tail)
        until = held.start() if held else len(self._waiting)
        if until and "\ud800" <= self._waiting[until - 1] <= "\udbff":
            until -= 1  # the other half may come with the next piece
        ready, self._waiting = self._waiting[:until], self._waiting[until:]
        self._passed.append(ready)
        return whole_characters(ready)

    def _is_known(self) -> bool:
        """Whether the beginning can't become a control token any more."""
        rest = _AT_START.sub("", self._waiting).lstrip()
        may_go_on = not rest or rest == "<s>" or "assistant".startswith(rest[:9])
        return not may_go_on and not (_MAY_START.match(rest) and _HALF.search(rest))

    def _given(self, text: str, reasoning: str) -> ChatDelta | None:
        if not text and not reasoning:
            return None
        self._text.append(text)
        self._reasoning.append(reasoning)
        return ChatDelta(text=text, reasoning=reasoning)


def whole_characters(text: str) -> str:
    """The text with halves of surrogate pairs joined, or replaced where the other half is missing."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable(text: str) -> str:
    """The text without NUL and halves of characters. No database takes those, and a paid answer must not be lost for
    one of them."""
    return whole_characters(text.replace("\0", ""))
