"""Markdown as an ordered list of typed blocks: what a translation must keep, and where each block stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from templates.domain.language import BARE_URL

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
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


TEXT_KINDS = frozenset({BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE})
"""Kinds that are one run of inline text and can therefore take each other's text."""


@dataclass(frozen=True)
class Inline:
    """What stands inside a block. ``text`` is the visible text without code and addresses; ``tags`` are HTML tags."""

    text: str = ""
    codes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """One leaf block.

    ``start`` and ``end`` are its lines in the document (0-based, ``end`` excluded). ``markdown`` is its
    inline source without list markers, hashes and quote signs, or the whole source of a table, code or HTML
    block. A list item is its first paragraph; what follows inside it are blocks of their own with the item's
    ``depth``.
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
    cells: tuple[tuple[str, ...], ...] = ()
    """A table's visible texts by row; ``…`` stands for a cell that holds only code, links or images."""

    @property
    def signature(self) -> tuple[BlockKind, int, int, bool, int]:
        """What two versions of a block must have in common to stand at the same place of the structure."""
        return (self.kind, self.level, self.depth, self.ordered, self.quote_depth)

    @property
    def shape(self) -> tuple[int, int]:
        """A table's rows (with its head) and columns."""
        return (len(self.cells), len(self.cells[0]) if self.cells else 0)


@cache
def markdown_parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough: the Markdown that documents are written in."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def parse_blocks(markdown: str) -> tuple[Block, ...]:
    """The document's blocks in reading order."""
    unified = markdown.replace("\r\n", "\n").replace("\r", "\n")
    return tuple(_BlockReader(unified).blocks())


class _BlockReader:
    """Walks the parser's flat token list and keeps track of the lists and quotes that are open."""

    def __init__(self, markdown: str) -> None:
        self._lines = markdown.split("\n")
        self._tokens: Sequence[Token] = markdown_parser().parse(markdown)
        self._containers: list[str] = []
        self._item_is_new = False

    def blocks(self) -> Iterator[Block]:
        for position, token in enumerate(self._tokens):
            kind = token.type
            if kind in {"bullet_list_open", "ordered_list_open", "blockquote_open"}:
                yield from self._empty_item(token)
                self._containers.append(kind)
            elif kind in {"bullet_list_close", "ordered_list_close", "blockquote_close"}:
                self._containers.pop()
            elif kind == "list_item_open":
                self._item_is_new = True
                self._item = token
            elif kind == "list_item_close":
                yield from self._empty_item(self._item)
            elif kind in {"paragraph_open", "heading_open"}:
                yield from self._text_block(token, self._tokens[position + 1])
            elif kind in {"fence", "code_block", "html_block", "hr", "table_open"}:
                yield from self._empty_item(token)
                yield self._raw_block(token, position)

    def _text_block(self, token: Token, content: Token) -> Iterator[Block]:
        if token.type == "heading_open":
            yield from self._empty_item(token)
            kind = BlockKind.HEADING
        elif self._item_is_new:
            kind, self._item_is_new = BlockKind.LIST_ITEM, False
        elif self._containers and self._containers[-1] == "blockquote_open":
            kind = BlockKind.QUOTE
        else:
            kind = BlockKind.PARAGRAPH
        yield self._block(kind, token, content.content, inline=_inline(content), level=_heading_level(token))

    def _raw_block(self, token: Token, position: int) -> Block:
        if token.type in {"fence", "code_block"}:
            return self._block(BlockKind.CODE, token, token.content, info=token.info.strip())
        if token.type == "html_block":
            return self._block(
                BlockKind.HTML, token, token.content.rstrip("\n"), inline=_html_inline(token.content)
            )
        if token.type == "hr":
            return self._block(BlockKind.RULE, token, token.markup)
        rows, inline = _table(self._tokens, position)
        start, end = token.map or (0, 0)
        source = "\n".join(
            _CONTAINER_PREFIX.sub("", line, count=1) for line in self._lines[start:end]
        ).rstrip()
        return self._block(BlockKind.TABLE, token, source, inline=inline, cells=rows)

    def _empty_item(self, token: Token) -> Iterator[Block]:
        """A list item that has no text of its own still counts as an item."""
        if self._item_is_new:
            self._item_is_new = False
            start = (token.map or (0, 0))[0]
            yield self._block(BlockKind.LIST_ITEM, token, "", end=start)

    def _block(
        self,
        kind: BlockKind,
        token: Token,
        markdown: str,
        *,
        inline: Inline | None = None,
        level: int = 0,
        info: str = "",
        cells: tuple[tuple[str, ...], ...] = (),
        end: int | None = None,
    ) -> Block:
        lists = [name for name in self._containers if name != "blockquote_open"]
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
            quote_depth=self._containers.count("blockquote_open"),
            info=info,
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
            is_filled = inline.codes or inline.links or inline.images
            rows[-1].append(inline.text or ("…" if is_filled else ""))
    whole = Inline(
        text="\n".join(part.text for part in parts),
        codes=tuple(code for part in parts for code in part.codes),
        links=tuple(link for part in parts for link in part.links),
        images=tuple(image for part in parts for image in part.images),
        tags=tuple(tag for part in parts for tag in part.tags),
        placeholders=tuple(name for part in parts for name in part.placeholders),
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
    is_autolink = False
    for child in token.children or ():
        if child.type == "code_inline":
            codes.append(child.content)
            text.append(" ")
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
        elif not is_autolink:
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
    )
