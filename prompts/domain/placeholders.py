"""What stands between double braces in a prompt: variables to be filled in, and other prompts to be included.

    {{topic}}                      a variable; its name has letters of any script, digits and underscores
    {{> emails/signature}}         the prompt `signature` of the folder `emails`, as its latest version has it
    {{> emails/signature@staging}} the version that its label `staging` points at
    \\{{topic}}                     no variable: these braces themselves

Whatever else stands between braces is text like any other: prompts are about code, too. This is the one place that
knows what is what.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from prompts.domain.limits import VARIABLE_NAME
from prompts.domain.names import LABEL_PATTERN, folded

VARIABLE_PATTERN = rf"[^\W\d]\w{{0,{VARIABLE_NAME - 1}}}"
#: Every repetition has an end: a text of nothing but braces and spaces is read as fast as any.
_INNER = r"[^{}\n]{0,600}"
#: Anything in double braces.
BRACED = rf"\{{\{{{_INNER}\}}\}}"
_PLACEHOLDER = re.compile(
    rf"(?P<escape>\\)?\{{\{{(?:>(?P<include>{_INNER})"
    rf"|[ \t]{{0,20}}(?P<variable>{VARIABLE_PATTERN})[ \t]{{0,20}}|(?P<other>{_INNER}))\}}\}}"
)
_LABEL = re.compile(LABEL_PATTERN)


@dataclass(frozen=True, slots=True)
class Variable:
    """A place to be filled in."""

    name: str


@dataclass(frozen=True, slots=True)
class Include:
    """Another prompt of the same library; without a label its latest version."""

    folder: str
    title: str
    label: str = ""

    def __str__(self) -> str:
        path = f"{self.folder}/{self.title}" if self.folder else self.title
        return f"{path}@{self.label}" if self.label else path


Part = str | Variable | Include


def parts_of(content: str) -> list[Part]:
    """The content, cut at its placeholders."""
    parts: list[Part] = []
    end = 0
    for found in _PLACEHOLDER.finditer(content):
        part = _part(found)
        if part is None:
            continue
        if found.start() > end:
            parts.append(content[end : found.start()])
        parts.append(part)
        end = found.end()
    if end < len(content):
        parts.append(content[end:])
    return parts


def variable_names(parts: Iterable[Part]) -> list[str]:
    """Each once, in the order in which they first stand there."""
    return list(dict.fromkeys(part.name for part in parts if isinstance(part, Variable)))


def includes(parts: Iterable[Part]) -> list[Include]:
    """Each once, in the order in which they first stand there."""
    return list(dict.fromkeys(part for part in parts if isinstance(part, Include)))


def marks_of(content: str) -> list[str]:
    """All that stands in double braces, each once and in one way of writing: `{{topic}}`, `{{> emails/signature}}`, and
    also what is text here and a variable elsewhere, such as `{{user.name}}`. Escaped braces are none."""
    marks = []
    for found in _PLACEHOLDER.finditer(content):
        part = _part(found)
        if isinstance(part, Variable):
            marks.append(f"{{{{{part.name}}}}}")
        elif isinstance(part, Include):
            marks.append(f"{{{{> {part}}}}}")
        elif not found["escape"]:
            marks.append(f"{{{{{found[0][2:-2].strip()}}}}}")
    return list(dict.fromkeys(marks))


def without_marks(content: str) -> str:
    """The content without what stands in double braces."""
    return _PLACEHOLDER.sub(lambda found: found[0] if found["escape"] else " ", content)


def stray_braces(content: str) -> list[str]:
    """Double braces that open or close nothing."""
    return re.findall(r"\{\{|\}\}", _PLACEHOLDER.sub("", content).replace("\\{{", ""))


def _part(found: re.Match[str]) -> Part | None:
    if found["other"] is not None:
        return None
    if found["escape"]:
        return found[0].removeprefix("\\")
    if found["variable"]:
        return Variable(found["variable"])
    return _include(found["include"])


def _include(written: str) -> Include | None:
    """None where no title is named."""
    path, at, label = written.rpartition("@")
    if not at or not _LABEL.fullmatch(label.strip()):
        path, label = written, ""
    *folder, title = [name.strip() for name in unicodedata.normalize("NFC", path).split("/")]
    return Include("/".join(filter(None, folder)), title, folded(label)) if title else None
