"""How the page shows what CommonMark lacks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict


def add_rules(parser: MarkdownIt) -> None:
    """Formulas as they are written, task marks as signs, footnotes with ways there and back; no script needed."""
    parser.add_render_rule("formula", _formula)
    parser.add_render_rule("formula_block", _formula_block)
    parser.add_render_rule("task", _task)
    parser.add_render_rule("footnote_caption", _footnote_number)
    parser.add_render_rule("footnote_block_open", _footnotes)
    parser.add_render_rule("footnote_anchor", _way_back)


def _formula(
    renderer: RendererHTML, tokens: Sequence[Token], position: int, options: OptionsDict, env: EnvType
) -> str:
    return f'<code class="language-math">{escape(tokens[position].content)}</code>'


def _formula_block(
    renderer: RendererHTML, tokens: Sequence[Token], position: int, options: OptionsDict, env: EnvType
) -> str:
    return f'<pre><code class="language-math">{escape(tokens[position].content)}</code></pre>\n'


def _task(
    renderer: RendererHTML, tokens: Sequence[Token], position: int, options: OptionsDict, env: EnvType
) -> str:
    return "☑ " if tokens[position].content == "x" else "☐ "


def _footnote_number(
    renderer: RendererHTML, tokens: Sequence[Token], position: int, options: OptionsDict, env: EnvType
) -> str:
    return str(tokens[position].meta["id"] + 1)


def _footnotes(
    renderer: RendererHTML, tokens: Sequence[Token], position: int, options: OptionsDict, env: EnvType
) -> str:
    return '<section class="footnotes">\n<ol>\n'


def _way_back(
    renderer: RendererHTML, tokens: Sequence[Token], position: int, options: OptionsDict, env: EnvType
) -> str:
    """One for each place that refers to the note; there may be none."""
    note = tokens[position].meta
    if not env["footnotes"]["list"][note["id"]]["count"]:
        return ""
    number = f"{note['id'] + 1}" + (f":{note['subId']}" if note["subId"] else "")
    return f' <a href="#fnref{number}">↩\ufe0e</a>'
