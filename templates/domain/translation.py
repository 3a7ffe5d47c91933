"""A translation checked against its source block by block, and repaired in place.

The structure must be the same: kinds of blocks and their order, heading levels, list depth, table shape.
Inside a block, code, formulas, addresses, footnote and task marks, HTML tags and placeholders must survive, and
the text must be in the other language. Numbers and length only warn, for a good translation may write them
differently.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import pairwise

from config.markdown.characters import IDEOGRAPH
from config.markdown.formulas import has_same_formulas
from templates.domain.blocks import TEXT_KINDS, VERBATIM_KINDS, Block, BlockKind, parse_blocks
from templates.domain.inputs import Language
from templates.domain.language import LATIN_WORD, display_width
from templates.domain.numerals import possible_numbers, written_numbers


class ProblemKind(StrEnum):
    MISSING_BLOCK = "missing_block"
    EXTRA_BLOCK = "extra_block"
    KIND_CHANGED = "kind_changed"
    LEVEL_CHANGED = "level_changed"
    LIST_CHANGED = "list_changed"
    TABLE_SHAPE = "table_shape"
    EMPTY_CELL = "empty_cell"
    EMPTY_BLOCK = "empty_block"
    CODE_CHANGED = "code_changed"
    FORMULA_CHANGED = "formula_changed"
    FRONT_MATTER_CHANGED = "front_matter_changed"
    TASK_CHANGED = "task_changed"
    NOTES_CHANGED = "notes_changed"
    INLINE_CODE_CHANGED = "inline_code_changed"
    INLINE_FORMULAS_CHANGED = "inline_formulas_changed"
    LINKS_CHANGED = "links_changed"
    IMAGES_CHANGED = "images_changed"
    TAGS_CHANGED = "tags_changed"
    PLACEHOLDERS_CHANGED = "placeholders_changed"
    UNTRANSLATED = "untranslated"
    NUMBERS_CHANGED = "numbers_changed"
    MUCH_SHORTER = "much_shorter"


WARNINGS = frozenset({ProblemKind.NUMBERS_CHANGED, ProblemKind.MUCH_SHORTER})
"""Kinds a person should look at, but which don't make a translation unusable."""
_MENDED_BY_MERGE = frozenset(
    {
        *(ProblemKind.EXTRA_BLOCK, ProblemKind.TASK_CHANGED, ProblemKind.CODE_CHANGED),
        *(ProblemKind.FORMULA_CHANGED, ProblemKind.FRONT_MATTER_CHANGED),
    }
)
"""What ``merge`` takes from the source in any case, so that nothing has to be translated again."""

_MESSAGES: Mapping[ProblemKind, tuple[str, str]] = {
    ProblemKind.MISSING_BLOCK: ("The block is missing in the translation.", "译文缺少这一块。"),
    ProblemKind.EXTRA_BLOCK: (
        "The translation has a block the source lacks.",
        "译文多出一块原文没有的内容。",
    ),
    ProblemKind.KIND_CHANGED: ("The block has become another kind of block.", "这一块的类型改变了。"),
    ProblemKind.LEVEL_CHANGED: ("The heading's level has changed.", "标题级别改变了。"),
    ProblemKind.LIST_CHANGED: ("The item's list type or depth has changed.", "列表类型或层级改变了。"),
    ProblemKind.TABLE_SHAPE: ("The table has other rows or columns.", "表格的行数或列数不一致。"),
    ProblemKind.EMPTY_CELL: (
        "A filled cell of the table has become empty.",
        "表格中有内容的单元格变成了空白。",
    ),
    ProblemKind.EMPTY_BLOCK: ("The block has lost its text.", "这一块没有文字了。"),
    ProblemKind.CODE_CHANGED: ("The code block is not identical.", "代码块与原文不完全一致。"),
    ProblemKind.FORMULA_CHANGED: ("The formula is not the same.", "公式与原文不一致。"),
    ProblemKind.FRONT_MATTER_CHANGED: ("The front matter has changed.", "文首元数据与原文不一致。"),
    ProblemKind.TASK_CHANGED: ("The task's mark has changed.", "任务的勾选标记改变了。"),
    ProblemKind.NOTES_CHANGED: ("Footnote marks have changed.", "脚注标记改变了。"),
    ProblemKind.INLINE_CODE_CHANGED: ("Inline code has changed.", "行内代码改变了。"),
    ProblemKind.INLINE_FORMULAS_CHANGED: ("Inline formulas have changed.", "行内公式改变了。"),
    ProblemKind.LINKS_CHANGED: ("Link addresses have changed.", "链接地址改变了。"),
    ProblemKind.IMAGES_CHANGED: ("Image addresses have changed.", "图片地址改变了。"),
    ProblemKind.TAGS_CHANGED: ("HTML tags have changed.", "HTML 标签改变了。"),
    ProblemKind.PLACEHOLDERS_CHANGED: ("Placeholders have changed.", "占位符改变了。"),
    ProblemKind.UNTRANSLATED: ("The text is still in the source language.", "文字仍是原文语言，没有翻译。"),
    ProblemKind.NUMBERS_CHANGED: ("Numbers differ from the source.", "数字与原文不一致。"),
    ProblemKind.MUCH_SHORTER: ("The text is much shorter than the source.", "译文比原文短很多。"),
}


@dataclass(frozen=True)
class BlockProblem:
    """One difference. ``block_index`` is the source block's position; for an extra block, the one it follows or 0."""

    block_index: int
    kind: ProblemKind
    expected: str = ""
    found: str = ""

    @property
    def message(self) -> str:
        return _MESSAGES[self.kind][0]

    @property
    def message_zh(self) -> str:
        return _MESSAGES[self.kind][1]

    @property
    def is_warning(self) -> bool:
        return self.kind in WARNINGS


@dataclass(frozen=True)
class TranslationReport:
    """All differences, in the order of the source's blocks."""

    problems: tuple[BlockProblem, ...]

    @property
    def errors(self) -> tuple[BlockProblem, ...]:
        return tuple(problem for problem in self.problems if not problem.is_warning)

    @property
    def warnings(self) -> tuple[BlockProblem, ...]:
        return tuple(problem for problem in self.problems if problem.is_warning)

    @property
    def is_acceptable(self) -> bool:
        """Whether the translation may be stored as done: warnings are allowed, errors aren't."""
        return not self.errors

    @property
    def blocks_to_repair(self) -> tuple[int, ...]:
        """Source blocks to translate again: those that ``merge`` doesn't mend by itself."""
        wrong = (problem for problem in self.errors if problem.kind not in _MENDED_BY_MERGE)
        return tuple(sorted({problem.block_index for problem in wrong}))


def compare(
    source_md: str,
    target_md: str,
    source_language: Language,
    target_language: Language,
    *,
    keep: Collection[str] = (),
) -> TranslationReport:
    """Check a translation against its source.

    ``keep`` lists terms that may stay as they are (a project's name); text between quotation marks may as
    well.
    """
    if source_language == target_language:
        raise ValueError("a translation has two languages")
    source, target = parse_blocks(source_md), parse_blocks(target_md)
    partners = _partners(source, target)
    problems: list[BlockProblem] = []
    for index, block in enumerate(source):
        if index not in partners:
            kind = _VERBATIM_PROBLEMS.get(block.kind, ProblemKind.MISSING_BLOCK)
            problems.append(BlockProblem(index, kind, expected=_excerpt(block)))
            continue
        partner = target[partners[index]]
        problems.extend(_structure_problems(index, block, partner))
        problems.extend(_content_problems(index, block, partner))
        if _is_untranslated(block, partner, target_language, keep):
            problems.append(BlockProblem(index, ProblemKind.UNTRANSLATED, _excerpt(block), _excerpt(partner)))
    problems.extend(_extra_blocks(partners, target))
    return TranslationReport(tuple(sorted(problems, key=lambda problem: problem.block_index)))


def merge(source_md: str, target_md: str, repaired_blocks: Mapping[int, str]) -> str:
    """Put repaired blocks (source index → Markdown) in their places and return the whole translation.

    The source's structure is the frame, so headings, lists and code can't be wrong afterwards: each block
    gets its repaired text, else the text of its partner in ``target_md``, else stays as in the source, which
    the next ``compare`` then reports. Blocks of the target without a partner are left out.
    """
    source_md = source_md.replace("\r\n", "\n").replace("\r", "\n")
    source, target = parse_blocks(source_md), parse_blocks(target_md)
    partners = _partners(source, target)
    replacements = {index: target[partner].markdown for index, partner in partners.items()}
    replacements |= {index: _repaired_text(source[index], text) for index, text in repaired_blocks.items()}
    return replace_blocks(source_md, source, replacements)


def replace_blocks(source_md: str, source: Sequence[Block], replacements: Mapping[int, str]) -> str:
    """The source with the given blocks' Markdown replaced; what is kept verbatim and what isn't named stays."""
    lines = source_md.split("\n")
    for index in sorted(replacements, reverse=True):
        block = source[index]
        text = replacements[index].strip("\n")
        if text.strip() and block.markdown and block.kind not in VERBATIM_KINDS:
            lines[block.start : block.end] = _framed(block, lines[block.start : block.end], text)
    return "\n".join(lines)


def _partners(source: Sequence[Block], target: Sequence[Block]) -> dict[int, int]:
    """Which target block stands for which source block.

    Two alignments are made, one from each end, and only pairs found by both are trusted: when one of five
    list items is lost, nobody can tell which, so all five stay without a partner instead of being shifted by
    one. Between trusted pairs, stretches of equal length are paired in order, which shows changed levels and
    kinds.
    """
    left, right = [block.signature for block in source], [block.signature for block in target]
    if left == right:
        return {index: index for index in range(len(left))}
    forward = set(_aligned(left, right))
    backward = {(len(left) - 1 - i, len(right) - 1 - j) for i, j in _aligned(left[::-1], right[::-1])}
    partners = dict(forward & backward)
    borders = [(-1, -1), *sorted(partners.items()), (len(left), len(right))]
    for (i, j), (next_i, next_j) in pairwise(borders):
        gap = list(zip(range(i + 1, next_i), range(j + 1, next_j), strict=False))
        if next_i - i == next_j - j and all(_is_convertible(source[a], target[b]) for a, b in gap):
            partners.update(gap)
    return partners


def _aligned(left: Sequence[object], right: Sequence[object]) -> Iterator[tuple[int, int]]:
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        yield from zip(range(i, i + size), range(j, j + size), strict=True)


def _is_convertible(source: Block, target: Block) -> bool:
    return source.kind is target.kind or (source.kind in TEXT_KINDS and target.kind in TEXT_KINDS)


def _extra_blocks(partners: Mapping[int, int], target: Sequence[Block]) -> Iterator[BlockProblem]:
    by_target = {j: i for i, j in partners.items()}
    last = 0
    for position, block in enumerate(target):
        if position in by_target:
            last = by_target[position]
        else:
            yield BlockProblem(last, ProblemKind.EXTRA_BLOCK, found=_excerpt(block))


def _structure_problems(index: int, source: Block, target: Block) -> Iterator[BlockProblem]:
    if source.kind is not target.kind:
        yield BlockProblem(index, ProblemKind.KIND_CHANGED, source.kind, target.kind)
    elif source.level != target.level:
        yield BlockProblem(index, ProblemKind.LEVEL_CHANGED, str(source.level), str(target.level))
    elif source.signature != target.signature:
        yield BlockProblem(index, ProblemKind.LIST_CHANGED, _place(source), _place(target))
    elif source.shape != target.shape or len({len(row) for row in target.cells}) > 1:
        yield BlockProblem(index, ProblemKind.TABLE_SHAPE, _shape(source), _shape(target))
    elif source.kind is BlockKind.TABLE:
        emptied = [(s, t) for row, twin in zip(source.cells, target.cells, strict=True)
                   for s, t in zip(row, twin, strict=True) if s and not t]  # fmt: skip
        if emptied:
            yield BlockProblem(index, ProblemKind.EMPTY_CELL, expected=emptied[0][0])


def _content_problems(index: int, source: Block, target: Block) -> Iterator[BlockProblem]:
    if source.kind in VERBATIM_KINDS:
        if source.kind in _VERBATIM_PROBLEMS and not _is_verbatim(source, target):
            kind = _VERBATIM_PROBLEMS[source.kind]
            yield BlockProblem(index, kind, _excerpt(source), _excerpt(target))
        return
    if source.task != target.task:
        yield BlockProblem(index, ProblemKind.TASK_CHANGED, f"[{source.task}]", f"[{target.task}]")
    if not has_same_formulas(source.inline.formulas, target.inline.formulas):
        formulas = (", ".join(block.inline.formulas) for block in (source, target))
        yield BlockProblem(index, ProblemKind.INLINE_FORMULAS_CHANGED, *formulas)
    if source.inline.text and not target.inline.text:
        yield BlockProblem(index, ProblemKind.EMPTY_BLOCK, _excerpt(source), _excerpt(target))
    for kind, pick in _PRESERVED.items():
        expected, found = Counter(pick(source)), Counter(pick(target))
        if expected != found:
            lost, added = (", ".join(side.elements()) for side in (expected - found, found - expected))
            yield BlockProblem(index, kind, expected=lost, found=added)
    yield from _number_problems(index, source.inline.text, target.inline.text)
    width, translated = (display_width(block.inline.text) for block in (source, target))
    if translated and width >= _LONG_TEXT and translated < width * _SHORT_SHARE:
        yield BlockProblem(index, ProblemKind.MUCH_SHORTER, str(width), str(translated))


_PRESERVED: Mapping[ProblemKind, Callable[[Block], tuple[str, ...]]] = {
    ProblemKind.INLINE_CODE_CHANGED: lambda block: block.inline.codes,
    ProblemKind.LINKS_CHANGED: lambda block: block.inline.links,
    ProblemKind.IMAGES_CHANGED: lambda block: block.inline.images,
    ProblemKind.TAGS_CHANGED: lambda block: block.inline.tags,
    ProblemKind.PLACEHOLDERS_CHANGED: lambda block: block.inline.placeholders,
    ProblemKind.NOTES_CHANGED: lambda block: block.inline.notes,
}
_VERBATIM_PROBLEMS: Mapping[BlockKind, ProblemKind] = {
    BlockKind.CODE: ProblemKind.CODE_CHANGED,
    BlockKind.FORMULA: ProblemKind.FORMULA_CHANGED,
    BlockKind.FRONT_MATTER: ProblemKind.FRONT_MATTER_CHANGED,
}
_LONG_TEXT = 80
_SHORT_SHARE = 0.2


def _is_verbatim(source: Block, target: Block) -> bool:
    if source.kind is BlockKind.FORMULA:
        return has_same_formulas([source.markdown], [target.markdown])
    return (source.markdown, source.info) == (target.markdown, target.info)


def _number_problems(index: int, source: str, target: str) -> Iterator[BlockProblem]:
    in_source, in_target = written_numbers(source), written_numbers(target)
    lost = in_source - in_target and in_source - possible_numbers(target)
    added = in_target - in_source and in_target - possible_numbers(source)
    if lost or added:
        expected, found = (", ".join(f"{value:f}" for value in sorted(values)) for values in (lost, added))
        yield BlockProblem(index, ProblemKind.NUMBERS_CHANGED, expected, found)


_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|\"[^\"\n]*\"|[(（][^()（）]*[)）]")
_PROSE_WORD = re.compile(r"(?<![\w.@/-])[a-z]{2,}(?![\w@/]|\.\w)")


def _is_untranslated(source: Block, target: Block, language: Language, keep: Collection[str]) -> bool:
    """Whether the target's text, or one cell of its table, still reads as the source's language."""
    if source.kind in VERBATIM_KINDS:
        return False
    if source.kind is BlockKind.TABLE and source.shape == target.shape:
        pairs = [(s, t) for row, twin in zip(source.cells, target.cells, strict=True)
                 for s, t in zip(row, twin, strict=False)]  # fmt: skip
    else:
        pairs = [(source.inline.text, target.inline.text)]
    return any(_reads_as_source(_own_words(s, keep), _own_words(t, keep), language) for s, t in pairs)


def _own_words(text: str, keep: Collection[str]) -> str:
    """The text without quotations, asides in brackets and terms that may stay."""
    for term in sorted((term for term in keep if term.strip()), key=len, reverse=True):
        text = text.replace(term, " ")
    return _QUOTED.sub(" ", text)


def _reads_as_source(source: str, target: str, language: Language) -> bool:
    ideographs = len(IDEOGRAPH.findall(target))
    if language == "en":
        return ideographs >= 2 and ideographs > len(LATIN_WORD.findall(target))
    prose_words = len(_PROSE_WORD.findall(target))
    if source.strip() == target.strip():
        # A product's name stays as it is; a phrase with an ordinary word in it doesn't.
        return ideographs == 0 and prose_words >= 1 and len(LATIN_WORD.findall(target)) >= 2
    return prose_words >= 3 and prose_words > ideographs


_TASK_MARK = re.compile(r"\A\s*\[[ xX]\]\s+")


def _repaired_text(block: Block, text: str) -> str:
    """A repaired block's Markdown without markers that the model may have repeated (``## ``, ``- ``, ``[ ] ``)."""
    text = _TASK_MARK.sub("", text) if block.task else text
    parsed = parse_blocks(text.strip())
    if len(parsed) == 1 and (parsed[0].kind is block.kind or block.kind in TEXT_KINDS):
        return parsed[0].markdown
    return text


def _framed(block: Block, old: Sequence[str], text: str) -> list[str]:
    """New lines for a block: the old first line's markers before the text, its continuation marks on later lines."""
    if block.kind is BlockKind.HTML:
        return text.split("\n") if not block.depth and not block.quote_depth else list(old)
    first = block.markdown.split("\n", 1)[0]
    position = old[0].find(first)
    prefix = old[0][: max(position, 0)]
    if block.kind is BlockKind.HEADING:
        if "#" not in prefix:
            prefix += "#" * block.level + " "
        return [prefix + " ".join(text.split("\n"))]
    later = re.sub(r"[^>\s]", " ", prefix)
    new = text.split("\n")
    return [prefix + new[0], *(later + line for line in new[1:])]


def _excerpt(block: Block) -> str:
    text = block.markdown.strip().replace("\n", " ")
    return text if len(text) <= 80 else text[:79] + "…"


def _place(block: Block) -> str:
    style = "ordered" if block.ordered else "bullet"
    return f"{style}, depth {block.depth}, quote depth {block.quote_depth}"


def _shape(block: Block) -> str:
    rows, columns = block.shape
    return f"{rows} × {columns}"
