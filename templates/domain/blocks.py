"""Markdown as an ordered list of typed blocks: what a translation must keep, and where each block stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from templates.domain.language import BARE_URL

if TYPE_CHECKING:
    from markdown_it.token import Token

PLACEHOLDER = re.compile(r"\{\{[^{}\n]*\}\}")
_TAG_NAME = re.compile(r"<(/?[A-Za-z][A-Za-z0-9-]*)")
_CONTAINER_PREFIX = re.compile(r"(?:[^\S\n]*(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s)))*[^\S\n]*")


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    QUOTE = "quote"
    TABLE = "table"
    CODE = "code"
    HTML = "html"
    RULE = "rule"
    FORMULA = "formula"
    FOOTNOTE = "footnote"
    FRONT_MATTER = "front_matter"


TEXT_KINDS = frozenset(
    {BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE, BlockKind.FOOTNOTE}
)
"""Kinds that are one run of inline text and can therefore take each other's text."""
VERBATIM_KINDS = frozenset({BlockKind.CODE, BlockKind.FORMULA, BlockKind.RULE, BlockKind.FRONT_MATTER})
"""Kinds that a translation leaves as they are."""


@dataclass(frozen=True)
class Inline:
    """What stands inside a block. ``text`` is the visible text without code, formulas and addresses; ``tags`` are
    HTML tags, ``notes`` the labels of the footnotes that are referred to."""

    text: str = ""
    codes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """One leaf block.

    ``start`` and ``end`` are its lines in the document (0-based, ``end`` excluded). ``markdown`` is its
    inline source without list markers, task marks, hashes, quote signs and a footnote's label, or the whole
    source of a table, code or HTML block. A list item is its first paragraph; what follows inside it are blocks
    of their own with the item's ``depth``. A footnote, too, is its first paragraph.
    """

    kind: BlockKind
    start: int
    end: int
    markdown: str
    inline: Inline = field(default_factory=Inline)
    level: int = 0
    depth: int = 0
    ordered: bool = False
    quote_depth: int = 0
    info: str = ""
    label: str = ""
    task: str = ""
    """``x`` or a blank where a list item is a task."""
    cells: tuple[tuple[str, ...], ...] = ()
    """A table's visible texts by row; ``…`` stands for a cell that holds only what isn't text."""

    @property
    def signature(self) -> tuple[BlockKind, int, int, bool, int, str]:
        """What two versions of a block must have in common to stand at the same place of the structure."""
        return (self.kind, self.level, self.depth, self.ordered, self.quote_depth, self.label)

    @property
    def shape(self) -> tuple[int, int]:
        """A table's rows (with its head) and columns."""
        return (len(self.cells), len(self.cells[0]) if self.cells else 0)


def parse_blocks(markdown: str) -> tuple[Block, ...]:
    """The document's blocks in reading order."""
    unified = markdown.replace("\r\n", "\n").replace("\r", "\n")
    return tuple(_BlockReader(unified).blocks())


_CONTAINERS = frozenset(
    {"bullet_list_open", "ordered_list_open", "blockquote_open", "footnote_reference_open"}
)
_CONTAINER_ENDS = frozenset(
    {
        *("bullet_list_close", "ordered_list_close", "list_item_close"),
        *("blockquote_close", "footnote_reference_close"),
    }
)
_RAW = {
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "formula_block": BlockKind.FORMULA,
    "front_matter": BlockKind.FRONT_MATTER,
    "html_block": BlockKind.HTML,
    "hr": BlockKind.RULE,
    "table_open": BlockKind.TABLE,
}


class _BlockReader:
    """Walks the parser's flat token list and keeps track of the lists, quotes and footnotes that are open."""

    def __init__(self, markdown: str) -> None:
        from config.markdown.parser import structure_parser  # heavy

        self._lines = markdown.split("\n")
        self._tokens: Sequence[Token] = structure_parser().parse(markdown)
        self._containers: list[Token] = []
        self._opened: Token | None = None
        """The list item or footnote that has no text yet."""

    def blocks(self) -> Iterator[Block]:
        for position, token in enumerate(self._tokens):
            kind = token.type
            if kind in _CONTAINERS:
                yield from self._without_text()
                self._containers.append(token)
                if kind == "footnote_reference_open":
                    self._opened = token
            elif kind == "list_item_open":
                self._opened = token
            elif kind in _CONTAINER_ENDS:
                yield from self._without_text()
                if kind != "list_item_close":
                    self._containers.pop()
            elif kind in {"paragraph_open", "heading_open"}:
                yield from self._text_block(token, self._tokens[position + 1])
            elif kind in _RAW:
                yield from self._without_text()
                yield self._raw_block(token, position)

    def _text_block(self, token: Token, content: Token) -> Iterator[Block]:
        label = task = ""
        if token.type == "heading_open":
            yield from self._without_text()
            kind = BlockKind.HEADING
        elif self._opened:
            kind, label = self._opened_kind()
            task = next((child.content for child in content.children or () if child.type == "task"), "")
            self._opened = None
        elif self._containers and self._containers[-1].type == "blockquote_open":
            kind = BlockKind.QUOTE
        else:
            kind = BlockKind.PARAGRAPH
        level = _heading_level(token)
        inline = _inline(content)
        yield self._block(kind, token, content.content, inline=inline, level=level, label=label, task=task)

    def _raw_block(self, token: Token, position: int) -> Block:
        kind = _RAW[token.type]
        if kind is BlockKind.TABLE:
            rows, inline = _table(self._tokens, position)
            start, end = token.map or (0, 0)
            lines = (_CONTAINER_PREFIX.sub("", line, count=1) for line in self._lines[start:end])
            return self._block(kind, token, "\n".join(lines).rstrip(), inline=inline, cells=rows)
        if kind is BlockKind.HTML:
            return self._block(kind, token, token.content.rstrip("\n"), inline=_html_inline(token.content))
        if kind is BlockKind.RULE:
            return self._block(kind, token, token.markup)
        return self._block(kind, token, token.content, info=token.info.strip())

    def _opened_kind(self) -> tuple[BlockKind, str]:
        if self._opened and self._opened.type == "footnote_reference_open":
            return BlockKind.FOOTNOTE, str(self._opened.meta["label"])
        return BlockKind.LIST_ITEM, ""

    def _without_text(self) -> Iterator[Block]:
        """A list item or a footnote that has no text of its own still counts."""
        if self._opened:
            kind, label = self._opened_kind()
            start = (self._opened.map or (0, 0))[0]
            yield self._block(kind, self._opened, "", end=start, label=label)
            self._opened = None

    def _block(
        self,
        kind: BlockKind,
        token: Token,
        markdown: str,
        *,
        inline: Inline | None = None,
        level: int = 0,
        info: str = "",
        label: str = "",
        task: str = "",
        cells: tuple[tuple[str, ...], ...] = (),
        end: int | None = None,
    ) -> Block:
        open_ = [container.type for container in self._containers]
        lists = [name for name in open_ if name.endswith("_list_open")]
        start, last = token.map or (0, 0)
        return Block(
            kind=kind,
            start=start,
            end=last if end is None else end,
            markdown=markdown,
            inline=inline or Inline(),
            level=level,
            depth=len(lists),
            ordered=kind is BlockKind.LIST_ITEM and lists[-1] == "ordered_list_open",
            quote_depth=open_.count("blockquote_open"),
            info=info,
            label=label,
            task=task,
            cells=cells,
        )


def _heading_level(token: Token) -> int:
    return int(token.tag[1]) if token.type == "heading_open" else 0


def _table(tokens: Sequence[Token], position: int) -> tuple[tuple[tuple[str, ...], ...], Inline]:
    rows: list[list[str]] = []
    parts: list[Inline] = []
    for token in tokens[position:]:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            inline = _inline(token)
            parts.append(inline)
            is_filled = inline.codes or inline.formulas or inline.links or inline.images or inline.notes
            rows[-1].append(inline.text or ("…" if is_filled else ""))
    names = [field.name for field in fields(Inline) if field.name != "text"]
    whole = Inline(
        text="\n".join(part.text for part in parts),
        **{name: tuple(item for part in parts for item in getattr(part, name)) for name in names},
    )
    return tuple(map(tuple, rows)), whole


def _html_inline(html: str) -> Inline:
    text = re.sub(r"<[^>]*>", " ", html)
    return Inline(
        text=BARE_URL.sub(" ", text).strip(),
        tags=tuple(_TAG_NAME.findall(html)),
        links=tuple(re.findall(r"""(?:href|src)\s*=\s*["']([^"']*)["']""", html)),
        placeholders=tuple(PLACEHOLDER.findall(text)),
    )


def _inline(token: Token) -> Inline:
    text: list[str] = []
    codes: list[str] = []
    links: list[str] = []
    images: list[str] = []
    tags: list[str] = []
    formulas: list[str] = []
    notes: list[str] = []
    is_autolink = False
    for child in token.children or ():
        if child.type == "code_inline":
            codes.append(child.content)
            text.append(" ")
        elif child.type == "formula":
            formulas.append(child.content)
            text.append(" ")
        elif child.type == "footnote_ref":
            notes.append(str(child.meta["label"]))
        elif child.type == "link_open":
            links.append(str(child.attrGet("href") or ""))
            is_autolink = child.markup == "autolink"
        elif child.type == "link_close":
            is_autolink = False
        elif child.type == "image":
            images.append(str(child.attrGet("src") or ""))
            text.append(child.content)
        elif child.type == "html_inline":
            tags.extend(_TAG_NAME.findall(child.content))
        elif child.type in {"softbreak", "hardbreak"}:
            text.append("\n")
        elif not is_autolink and child.type != "task":
            text.append(child.content)
    visible = "".join(text)
    bare = [url.rstrip(".,;:!?)'\"") for url in BARE_URL.findall(visible)]
    return Inline(
        text=BARE_URL.sub(" ", visible).strip(),
        codes=tuple(codes),
        links=tuple(links + bare),
        images=tuple(images),
        tags=tuple(tags),
        placeholders=tuple(PLACEHOLDER.findall(visible)),
        formulas=tuple(formulas),
        notes=tuple(notes),
    )
