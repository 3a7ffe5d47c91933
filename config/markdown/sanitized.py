"""Markdown to HTML that is safe to serve: what a model or a user wrote can't run, style or post anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it.token import Token

from config.markdown.parser import page_parser, visible_text

# fmt: off
_TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details",
    "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small",
    "section", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul", "var",
})
# fmt: on
_ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "li": {"id", "class"},
    "section": {"class"},
    "th": {"align", "scope", "colspan", "rowspan"},
    "td": {"align", "colspan", "rowspan"},
    "details": {"open"},
    "code": {"class"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
_SCHEMES = frozenset({"http", "https", "mailto"})
_KNOWN_CLASS = re.compile(r"language-[A-Za-z0-9_+#.-]{1,40}|task|footnotes")
_KNOWN_ID = re.compile(r"section-\d{1,4}|fn(?:ref)?\d{1,4}(?::\d{1,4})?")
_ALIGNMENT = re.compile(r"text-align:(left|center|right)")


@dataclass(frozen=True)
class Heading:
    """A heading of the document; ``anchor`` is its element's id in the HTML."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class RenderedMarkdown:
    html: str
    headings: tuple[Heading, ...]


def markdown_to_html(markdown: str) -> RenderedMarkdown:
    """The Markdown as sanitized HTML, and its headings.

    Raw HTML in the text is kept as far as it is harmless: no scripts, styles, forms, frames, event handlers or
    addresses other than http, https and mailto. Links carry ``rel="noopener noreferrer nofollow"``. Images keep
    only https sources, so that opening a document contacts nobody in the clear.
    """
    import nh3

    parser = page_parser()
    env: dict[str, Any] = {}
    tokens = parser.parse(markdown, env)
    headings = tuple(_anchored(tokens))
    _align_by_attribute(tokens)
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, env),
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
        attribute_filter=_kept_value,
        strip_comments=True,
    )
    return RenderedMarkdown(_wrapped_tables(html), headings)


def _anchored(tokens: Sequence[Token]) -> list[Heading]:
    headings: list[Heading] = []
    for position, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        anchor = f"section-{len(headings) + 1}"
        token.attrSet("id", anchor)
        headings.append(Heading(int(token.tag[1]), visible_text(tokens[position + 1]), anchor))
    return headings


def _align_by_attribute(tokens: Sequence[Token]) -> None:
    """Column alignment as an attribute, for style attributes are not let through."""
    for token in tokens:
        if token.type in {"th_open", "td_open"}:
            alignment = _ALIGNMENT.fullmatch(str(token.attrs.pop("style", "")))
            if alignment:
                token.attrSet("align", alignment[1])
            if token.type == "th_open":
                token.attrSet("scope", "col")


def _kept_value(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return value if _KNOWN_CLASS.fullmatch(value) else None
    if attribute == "id":
        return value if _KNOWN_ID.fullmatch(value) else None
    if tag == "img" and attribute == "src":
        return value if value.startswith("https://") else None
    return value


def _wrapped_tables(html: str) -> str:
    """Tables in a box of their own, so that a wide one scrolls instead of widening the page."""
    opened = re.sub(r"<table(?=[\s>])", '<div class="table" tabindex="0"><table', html)
    return opened.replace("</table>", "</table></div>")
