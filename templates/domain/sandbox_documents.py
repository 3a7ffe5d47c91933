"""What the sandbox answers to the factory's requests: real documents and faithful translations, made by rules.

Deterministic: the same project and content template give the same text. Nothing in a document claims to be a
measured fact; what is unknown is called an assumption or marked as to be confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from templates.domain.blocks import VERBATIM_KINDS, Block, BlockKind, parse_blocks
from templates.domain.inputs import Language, ProjectInput, TemplateInput, language_of, other_language
from templates.domain.numerals import written_numbers
from templates.domain.prompting import RepairBlock, format_repair
from templates.domain.sandbox_plan import plan_document, render_plan
from templates.domain.translation import replace_blocks

_KIND_NAMES: Mapping[Language, Mapping[BlockKind, str]] = {
    "zh": {
        BlockKind.HEADING: "标题",
        BlockKind.LIST_ITEM: "列表项",
        BlockKind.QUOTE: "引文",
        BlockKind.TABLE: "单元格",
        BlockKind.FOOTNOTE: "脚注",
    },
    "en": {
        BlockKind.HEADING: "heading",
        BlockKind.LIST_ITEM: "list item",
        BlockKind.QUOTE: "quotation",
        BlockKind.TABLE: "cell",
        BlockKind.FOOTNOTE: "footnote",
    },
}


def write_document(project: ProjectInput, template: TemplateInput, language: Language) -> str:
    """The document's Markdown in ``language``."""
    return render_plan(plan_document(project, template), language)


def translate_document(
    source_md: str, source_language: Language, project: ProjectInput, template: TemplateInput
) -> str:
    """The source in the other language, aligned with it block by block.

    Blocks that the sandbox wrote for this project and template get their twins. Any other block becomes a sentence
    labelled as a simulated translation that keeps its code, addresses, placeholders and numbers.
    """
    source_md = source_md.replace("\r\n", "\n").replace("\r", "\n")
    source = parse_blocks(source_md)
    translated = _Translator(source_language, project, template).translated(source)
    return replace_blocks(source_md, source, translated)


def answer_document(context: Mapping[str, Any]) -> str:
    """The answer to a request to write.

    ``context``: ``project`` and ``template`` (mappings with the fields of ProjectInput and TemplateInput),
    ``language``, and ``partial`` when a broken-off text is to be continued: then only the rest is returned,
    starting at the beginning of the unfinished line.
    """
    project, template = _inputs(context)
    return _rest(write_document(project, template, language_of(context["language"])), context)


def answer_translation(context: Mapping[str, Any]) -> str:
    """The answer to a request to translate.

    ``context``: ``project``, ``template``, ``source_markdown``, ``source_language``; ``partial`` as above; or, for
    a repair, ``blocks``: a list of mappings with ``index`` and ``markdown`` of the source blocks to translate
    again, answered in the form that ``prompting.parse_repair`` reads.
    """
    project, template = _inputs(context)
    source_language = language_of(context["source_language"])
    if context.get("blocks"):
        blocks = [RepairBlock(int(block["index"]), str(block["markdown"])) for block in context["blocks"]]
        translator = _Translator(source_language, project, template)
        repaired = {block.index: translator.repaired(block.markdown) for block in blocks}
        return format_repair(repaired, blocks)
    translation = translate_document(context["source_markdown"], source_language, project, template)
    return _rest(translation, context)


class _Translator:
    """Looks a block up in the plan's twin texts, and simulates what it doesn't find."""

    def __init__(self, source_language: Language, project: ProjectInput, template: TemplateInput) -> None:
        self._target_language = other_language(source_language)
        plan = plan_document(project, template)
        twins = zip(
            parse_blocks(render_plan(plan, source_language)),
            parse_blocks(render_plan(plan, self._target_language)),
            strict=True,
        )
        self._twins = {(block.kind, block.markdown): twin.markdown for block, twin in twins}

    def translated(self, source: tuple[Block, ...]) -> dict[int, str]:
        return {index: self._block(block) for index, block in enumerate(source)}

    def repaired(self, markdown: str) -> str:
        """A single block's translation; the kind is not known, for its markers are not sent along."""
        for (_, text), twin in self._twins.items():
            if text == markdown:
                return twin
        blocks = parse_blocks(markdown)
        return replace_blocks(markdown, blocks, self.translated(blocks))

    def _block(self, block: Block) -> str:
        twin = self._twins.get((block.kind, block.markdown))
        if twin is not None:
            return twin
        if block.kind in VERBATIM_KINDS:
            return block.markdown
        if block.kind is BlockKind.TABLE:
            return self._table(block)
        if block.kind is BlockKind.HTML:
            return self._html(block)
        return " ".join((*([self._label(block)] if block.inline.text else []), *_kept(block)))

    def _label(self, block: Block) -> str:
        names = _KIND_NAMES[self._target_language]
        if self._target_language == "zh":
            return f"（模拟译文）这里是一段{names.get(block.kind, '正文')}的译文。"
        return (
            f"(Simulated translation) This stands for a {names.get(block.kind, 'paragraph')} of the source."
        )

    def _table(self, block: Block) -> str:
        kept = " ".join(part.replace("|", "\\|") for part in _kept(block))
        rows = [[self._label(block) if cell else "" for cell in row] for row in block.cells]
        rows[0][0] = f"{rows[0][0]} {kept}".strip()
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])

    def _html(self, block: Block) -> str:
        parts = re.split(r"(<[^>]*>)", block.markdown)
        label = self._label(block)
        return "".join(part if part.startswith("<") or not part.strip() else label for part in parts)


def _kept(block: Block) -> list[str]:
    """What a translation must not change, as Markdown."""
    inline = block.inline
    return [
        *map(_code_span, inline.codes),
        *(f"[→](<{url}>)" for url in inline.links),
        *(f"![→](<{url}>)" for url in inline.images),
        *(f"<{tag}>" for tag in inline.tags),
        *inline.placeholders,
        *inline.formulas,
        *(f"[^{label}]" for label in inline.notes),
        *(f"{number:f}" for number in sorted(written_numbers(inline.text))),
    ]


def _code_span(code: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if code.startswith("`") or code.endswith("`") or code.strip() != code else ""
    return f"{fence}{padding}{code}{padding}{fence}"


def _inputs(context: Mapping[str, Any]) -> tuple[ProjectInput, TemplateInput]:
    project, template = context.get("project") or {}, context.get("template") or {}
    return ProjectInput.from_mapping(project), TemplateInput.from_mapping(template)


def _rest(text: str, context: Mapping[str, Any]) -> str:
    partial = str(context.get("partial") or "")
    if not partial or not text.startswith(partial):
        return text
    return text[partial.rfind("\n") + 1 :]
