"""What a model says around a document instead of in it: "Sure! Here is …", a fence, "Let me know …"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MOST_CHARACTERS = 600
_FENCE: Final = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$", re.MULTILINE)
_DOCUMENT: Final = frozenset({"markdown", "md", "mdx"})
_MARKUP: Final = re.compile(r"^ {0,3}(?:#{1,6}\s|\|)", re.MULTILINE)
_OPENING: Final = re.compile(
    r"\A\s*(?:sure|certainly|of course|absolutely|okay|ok\b|great|no problem|here(?:'s| is| are)|below is|this is"
    r"|i(?:'ve| have| will|'ll) |as requested"
    r"|好的|好[，,！!。]|当然|没问题|可以[，,！!。]|明白|收到|以下(?:是|为)|下面是|这是|这里是"
    r"|根据(?:您|你)的|我(?:已|将|来)|遵照|按照(?:您|你))",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r"\A\s*(?:let me know|(?:please )?feel free to (?:ask|let|reach|tell|modify|adjust)|i hope (?:this|that|it)"
    r"|hope (?:this|that|it)|(?:would|do) you (?:like|want) me|if you(?:'d| would)?"
    r" (?:like|need|want|have).{0,80}(?:let me|i can|just|ask|tell me)|is there anything else"
    r"|please (?:review|let me know)|happy to (?:help|adjust)"
    r"|希望(?:这|以上|本|对|能|文档).{0,30}(?:帮助|帮到|满足|有用|符合)"
    r"|如(?:果|有|需).{0,40}(?:告诉我|告知我|跟我说|随时(?:联系|告诉|提出|告知)我?|我(?:可以|会|再))"
    r"|请(?:随时)?(?:告诉我|告知我)|(?:是否)?需要我.{0,40}[吗？?]|还有(?:什么|其他).{0,20}[吗？?]|以上(?:就)?是.{0,40}(?:文档|内容|译文))",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A text, and what stood before and after it."""

    text: str
    before: str = ""
    after: str = ""


def trimmed(text: str) -> Trimmed:
    """The document in an answer.

    A fence around all of it goes, and words around the fence; without a fence, only what certainly speaks to whoever
    asked, before the first heading and in the last paragraph.
    """
    return _out_of_fence(text) or _between_words(text)


def _out_of_fence(text: str) -> Trimmed | None:
    marks = list(_FENCE.finditer(text))
    if not marks:
        return None
    first = marks[0]
    info = first["info"].strip().lower()
    before = text[: first.start()]
    is_document = info in _DOCUMENT or not info and text[first.end() :].lstrip().startswith("# ")
    if not is_document or not _is_chatter(before):
        return None
    last = _closing(marks, first) or _last_bare(marks, first)
    after = text[last.end() :] if last else ""
    if _FENCE.search(after):
        last = _last_bare(marks, first)
        after = text[last.end() :] if last else ""
    body = text[first.end() + 1 : last.start() if last else len(text)]
    if not _is_chatter(after) or len(before) + len(after) > len(body) and not info:
        return None
    return Trimmed(body.removesuffix("\n"), before.strip(), after.strip())


def _closing(marks: list[re.Match[str]], first: re.Match[str]) -> re.Match[str] | None:
    """The mark that closes the first one, with fences inside that name their language."""
    inner: re.Match[str] | None = None
    for mark in marks[1:]:
        is_bare = not mark["info"].strip()
        if inner is not None:
            if is_bare and mark["mark"][0] == inner["mark"][0] and len(mark["mark"]) >= len(inner["mark"]):
                inner = None
        elif not is_bare:
            inner = mark
        elif mark["mark"][0] == first["mark"][0] and len(mark["mark"]) >= len(first["mark"]):
            return mark
    return None


def _last_bare(marks: list[re.Match[str]], first: re.Match[str]) -> re.Match[str] | None:
    bare = [m for m in marks[1:] if not m["info"].strip() and m["mark"].startswith(first["mark"])]
    return bare[-1] if len(bare) % 2 == 1 and len(bare) > 1 else None


def _is_chatter(words: str) -> bool:
    return len(words) <= _MOST_CHARACTERS and _MARKUP.search(words) is None


def _between_words(text: str) -> Trimmed:
    before = after = ""
    head, found, rest = _before_heading(text)
    if found and _OPENING.match(head) and _is_chatter(head):
        before, text = head.strip(), rest
    body, blank, last = text.rstrip().rpartition("\n\n")
    if blank and _CLOSING.match(last) and _is_chatter(last) and "\n" not in last.strip():
        after, text = last.strip(), body
    return Trimmed(re.sub(r"\n+(?:-{3,}|\*{3,})\s*\Z", "\n", text) if after else text, before, after)


def _before_heading(text: str) -> tuple[str, bool, str]:
    found = re.search(r"^# ", text, re.MULTILINE)
    if found is None or not text[: found.start()].strip():
        return "", False, text
    head = re.sub(r"\n(?:-{3,}|\*{3,})\s*\Z", "\n", text[: found.start()])
    return head, True, text[found.start() :]
