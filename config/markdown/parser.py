"""The parsers: CommonMark with tables, strikethrough, footnotes, formulas, task marks and front matter, in which
emphasis beside Chinese punctuation is what its writer meant."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def

from config.markdown.formulas import INLINE, is_formula
from config.markdown.front_matter import split_front_matter
from config.markdown.rendering import add_rules

_TASK = re.compile(r"\[([ xX])\](?=\s)[^\S\n]*")
_FULL_WIDTH_LABEL = re.compile(r"\[\^[^\]\s]+\]：")
_VARIATIONS = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]+\Z")
_LONGEST_FORMULA = 200
#: Chinese writes them as its own, though Unicode calls their width ambiguous.
_SHARED_PUNCTUATION = frozenset("“”‘’—…·")


@cache
def structure_parser() -> MarkdownIt:
    """For reading the source: footnotes stay where they are written, and every mark of one is seen."""
    return _parser(move_to_end=False, always_match_refs=True)


@cache
def page_parser() -> MarkdownIt:
    """For showing: footnotes go to the end of the page, those that no text refers to behind the others."""
    parser = _parser()
    add_rules(parser)
    parser.core.ruler.before("footnote_tail", "unreferenced_footnotes", _keep_unreferenced)
    return parser


def visible_text(content: Token) -> str:
    """The text of a heading or paragraph (its inline token) without markup and footnote marks."""
    shown = {"text", "code_inline", "image", "formula"}
    return "".join(child.content for child in content.children or () if child.type in shown).strip()


def _parser(**footnotes: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.inline = _Inline()
    parser.configure("commonmark").enable(["table", "strikethrough"])
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list", "footnote_def"]}
    parser.block.ruler.before("code", "front_matter", _front_matter)
    parser.block.ruler.before("fence", "formula", _formula_block, interrupts)
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.core.ruler.after("inline", "tasks", _tasks)
    parser.use(footnote_plugin, inline=False, **footnotes)
    parser.block.ruler.at("footnote_def", _footnote, {"alt": ["paragraph", "reference"]})
    return parser


# -- emphasis ------------------------------------------------------------------------------------------------------


class _InlineState(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 (the parser's names)
        """CommonMark's rules, but a run of ``*`` or ``~`` beside a CJK character may open and close whatever
        punctuation is on its other side: https://github.com/tats-u/markdown-cjk-friendly, a candidate for
        CommonMark. Marks that Chinese shares with other scripts count as its own."""
        scanned = super().scanDelims(start, canSplitWord)
        end = start + scanned.length
        before = _VARIATIONS.sub("", self.src[max(0, start - 3) : start])[-1:] or " "
        after = self.src[end : end + 1] or " "
        if canSplitWord and not (before.isspace() or after.isspace()) and (_is_cjk(before) or _is_cjk(after)):
            return Scanned(True, True, scanned.length)
        return scanned


class _Inline(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _InlineState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _is_cjk(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WFH" or character in _SHARED_PUNCTUATION


# -- what stays as it is -------------------------------------------------------------------------------------------


def _front_matter(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if start or state.level or not state.src.startswith(("---", "+++")):
        return False
    front = split_front_matter(state.src)[0]
    if not front:
        return False
    state.line = front.rstrip("\n").count("\n") + 1
    token = state.push("front_matter", "", 0)
    token.content, token.map, token.hidden = front, [start, state.line], True
    return True


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula on lines of its own, which may look like a list or a heading inside."""
    if state.is_code_block(start):
        return False
    first = _line(state, start)
    mark = first[:2]
    if mark not in {"$$", "\\["}:
        return False
    closing = "$$" if mark == "$$" else "\\]"
    for line in range(start, min(end, start + _LONGEST_FORMULA)):
        text = _line(state, line).rstrip()
        if not text or state.sCount[line] < state.blkIndent:
            return False
        if text.endswith(closing) and not (line == start and len(text) < 4):
            break
    else:
        return False
    source = "\n".join(_line(state, number).rstrip() for number in range(start, line + 1))
    found = INLINE.fullmatch(source)
    if found is None or not is_formula(found, is_alone=True):
        return False
    if not silent:
        token = state.push("formula_block", "", 0)
        token.block, token.content, token.map = True, source, [start, line + 1]
    state.line = line + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = INLINE.match(state.src, state.pos, state.posMax)
    if found is None or not is_formula(found):
        return False
    if not silent:
        state.push("formula", "", 0).content = found[0]
    state.pos = found.end()
    return True


# -- task marks and footnotes --------------------------------------------------------------------------------------


def _tasks(state: StateCore) -> None:
    """Make ``[ ]`` and ``[x]`` at the beginning of a list item a token of its own."""
    for item, paragraph, content in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not content.children:
            continue
        found, first = _TASK.match(content.content), content.children[0]
        if found and first.type == "text" and first.content.startswith(found[0].rstrip()):
            first.content = first.content[found.end() :]
            content.content = content.content[found.end() :]
            content.children.insert(0, Token("task", "", 0, content="x" if found[1] in "xX" else " "))
            item.attrSet("class", "task")


def _footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A footnote, also with the colon that Chinese keyboards write."""
    found = _FULL_WIDTH_LABEL.match(_line(state, start))
    if found:
        colon = state.bMarks[start] + state.tShift[start] + found.end() - 1
        state.src = f"{state.src[:colon]}:{state.src[colon + 1 :]}"
    return footnote_def(state, start, end, silent)


def _keep_unreferenced(state: StateCore) -> None:
    footnotes = state.env.get("footnotes", {"refs": {}})
    for label, number in footnotes["refs"].items():
        if number < 0:
            footnotes["refs"][label] = len(footnotes["list"])
            footnotes["list"][len(footnotes["list"])] = {"label": label[1:], "count": 0}
