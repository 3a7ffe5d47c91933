"""The plan of a sandbox document: its blocks, each in both languages.

Both languages are rendered from the same plan, so a translation aligns with its source block by block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from generation.domain.sections import normalized
from templates.domain.catalogue import Bilingual, CatalogueTemplate, Section, load_catalogue
from templates.domain.fingerprints import input_fingerprint
from templates.domain.inputs import LANGUAGES, Language, ProjectInput, TemplateInput
from templates.domain.language import BARE_URL, is_plausibly
from templates.domain.placeholders import placeholder_values, render
from templates.domain.prompting import one_line

Plan = tuple[Bilingual, ...]

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&$])")
_LEADING_MARKER = re.compile(r"^(\d{1,9})?([.)]|[-+#=])")
_DOUBLE_BRACE = re.compile(r"(?<=\{)(?=\{)|(?<=\})(?=\})")
_URL_START = re.compile(r"(?:https?|ftp)://(?:www\.)?|\bwww\.", re.IGNORECASE)
_NUMBERED = re.compile(r"^\s{0,3}\d{1,2}[.)、．]\s*(?P<title>.+)$", re.MULTILINE)
_TITLE_END = re.compile(r"\s*(?:[:：—。;；]|\s[-–]\s)")
_SENTENCE = re.compile(r"[^。！？!?\n]+?(?:[。！？]|[!?.](?=\s|$)|\n|$)")
_MAX_SECTIONS = 8
_MAX_STATEMENTS = 6
_LONGEST_QUOTE = 900


def plan_document(project: ProjectInput, template: TemplateInput) -> Plan:
    """The document's blocks in order. The same inputs give the same plan."""
    return tuple(_Planner(project, template).blocks())


def render_plan(plan: Plan, language: Language) -> str:
    return "\n\n".join(block.in_language(language) for block in plan) + "\n"


def outline_of(template: TemplateInput) -> tuple[Section, ...]:
    """The template's own sections.

    A template of the catalogue has its outline there, as long as its prompts are unchanged. Any other has the
    sections that its prompt numbers (``1. Title — what it holds``), else one general section.
    """
    catalogue = load_catalogue()
    known = catalogue.template(template.code)
    if known is not None and _has_same_prompts(known, template):
        return known.sections
    frames = catalogue.general.sections
    titles = _section_titles(template)
    return tuple(
        _with_title(frames[position % len(frames)], title)
        for position, title in enumerate(titles[:_MAX_SECTIONS])
    )


def plain(text: str, limit: int = 200) -> str:
    """User text as one line that Markdown shows as it is: no markup, no address, no placeholder takes effect."""
    flat = _DOUBLE_BRACE.sub(" ", one_line(_URL_START.sub("", text), limit))
    escaped = _MARKUP.sub(r"\\\1", flat)
    return _LEADING_MARKER.sub(lambda match: (match[1] or "") + "\\" + match[2], escaped)


class _Planner:
    def __init__(self, project: ProjectInput, template: TemplateInput) -> None:
        self._project, self._template = project, template
        self._catalogue = load_catalogue()
        self._values = {language: self._safe_values(language) for language in LANGUAGES}
        seed = "".join(input_fingerprint(project, template, language)[:16] for language in LANGUAGES)
        self._seed = int(seed, 16)

    def blocks(self) -> Iterator[Bilingual]:
        category = self._catalogue.category(self._template.category_code)
        general = self._catalogue.general
        opening, closing = (category or general).opening, (category or general).closing
        yield self._filled(
            Bilingual("# {{project_name}}：{{template_name}}", "# {{project_name}}: {{template_name}}")
        )
        yield self._facts()
        yield from self._background()
        for section in (*opening, *outline_of(self._template), *closing):
            yield from self._section(section)
        yield Bilingual("---", "---")
        yield self._filled(self._picked(general.ending, self._seed // 7))

    def _facts(self) -> Bilingual:
        website = self._project.website.strip()
        rows = [
            (Bilingual("项目", "Item"), Bilingual("内容", "Content")),
            (Bilingual("项目名称", "Project"), Bilingual("{{project_name}}", "{{project_name}}")),
            (Bilingual("文档类型", "Document"), Bilingual("{{template_name}}", "{{template_name}}")),
            (Bilingual("网站", "Website"), _website(website)),
            (Bilingual("状态", "Status"), Bilingual("沙盒示例稿，待评审", "Sandbox sample, awaiting review")),
        ]
        return self._table(rows)

    def _background(self) -> Iterator[Bilingual]:
        yield Bilingual("## 背景与目的", "## Background and purpose")
        yield self._filled(self._picked(self._catalogue.general.background, self._seed))
        statements = _statements(self._project)
        if not self._project.description("zh").strip():
            yield Bilingual(
                "> 项目说明尚未填写，待确认。", "> The project hasn't been described yet; to be confirmed."
            )
        elif len(statements) == 1:
            yield _mapped(statements[0], lambda text: f"> {text}")
        else:
            head = (
                Bilingual("项目说明中的表述", "Statement in the description"),
                Bilingual("评审时的问题", "To ask"),
            )
            questions = self._catalogue.general.questions
            yield self._table(
                [
                    head,
                    *(
                        (text, self._picked(questions, self._seed + row))
                        for row, text in enumerate(statements)
                    ),
                ]
            )
        if self._template.description("zh").strip():
            yield self._filled(
                Bilingual(
                    "本文的目的：{{template_description}}",
                    "Purpose of this document: {{template_description}}",
                )
            )

    def _section(self, section: Section) -> Iterator[Bilingual]:
        yield self._filled(_mapped(section.title, lambda text: f"## {text}"))
        yield self._filled(section.lead)
        if section.kind == "table":
            yield self._table([section.columns, *section.rows])
        else:
            yield self._list(section.points, is_ordered=section.kind == "steps")

    def _list(self, points: Sequence[Bilingual], *, is_ordered: bool) -> Bilingual:
        filled = [self._filled(point) for point in points]
        marks = [f"{number}." if is_ordered else "-" for number in range(1, len(filled) + 1)]
        return _joined(
            [
                _mapped(point, lambda text, mark=mark: f"{mark} {text}")  # type: ignore[misc]
                for mark, point in zip(marks, filled, strict=True)
            ]
        )

    def _table(self, rows: Sequence[Sequence[Bilingual]]) -> Bilingual:
        filled = [[self._filled(cell) for cell in row] for row in rows]
        lines = [
            Bilingual(
                *(f"| {' | '.join(cell.in_language(tongue) for cell in row)} |" for tongue in LANGUAGES)
            )
            for row in filled
        ]
        rule = f"|{' --- |' * len(rows[0])}"
        return _joined([lines[0], Bilingual(rule, rule), *lines[1:]])

    def _filled(self, text: Bilingual) -> Bilingual:
        return Bilingual(render(text.zh, self._values["zh"]), render(text.en, self._values["en"]))

    def _picked(self, variants: Sequence[Bilingual], number: int) -> Bilingual:
        return variants[number % len(variants)]

    def _safe_values(self, language: Language) -> dict[str, str]:
        values = placeholder_values(self._project, self._template, language)
        return {name: _fitted(name, value, language) for name, value in values.items()}


def _fitted(name: str, value: str, language: Language) -> str:
    """The value as Markdown text; a text in the other language is put between quotation marks."""
    if name.startswith("project_description"):
        return plain(value, _LONGEST_QUOTE)
    if not value.strip():
        return "待确认" if language == "zh" else "to be confirmed"
    text = plain(value)
    return text if is_plausibly(value, language) else f"“{text}”"


def _statements(project: ProjectInput) -> list[Bilingual]:
    """The description's sentences, quoted, in equal number for both languages; the longer side's rest is joined."""
    zh, en = ([part.strip() for part in _SENTENCE.findall(project.description(tongue)) if part.strip()]
              for tongue in LANGUAGES)  # fmt: skip
    count = max(1, min(len(zh), len(en), _MAX_STATEMENTS))
    pairs = zip(_grouped(zh, count, ""), _grouped(en, count, " "), strict=True)
    return [Bilingual(*(f"“{plain(text, _LONGEST_QUOTE)}”" for text in pair)) for pair in pairs]


def _grouped(parts: Sequence[str], count: int, joint: str) -> list[str]:
    return [*parts[: count - 1], joint.join(parts[count - 1 :])]


def _website(website: str) -> Bilingual:
    try:
        is_link = urlsplit(website).scheme in {"http", "https"} and BARE_URL.fullmatch(website)
    except ValueError:
        is_link = None
    if is_link and not re.search(r"[<>|\\`]", website):
        return Bilingual(f"<{website}>", f"<{website}>")
    return Bilingual("待确认", "To be confirmed")


def _has_same_prompts(known: CatalogueTemplate, template: TemplateInput) -> bool:
    return all(
        normalized(known.texts.prompt(tongue)) == normalized(template.prompt(tongue)) for tongue in LANGUAGES
    )


def _section_titles(template: TemplateInput) -> list[Bilingual]:
    zh, en = (
        [_heading_text(match["title"]) for match in _NUMBERED.finditer(template.prompt(tongue))]
        for tongue in LANGUAGES
    )
    if not zh or not en:
        return [Bilingual("主要内容", "Main content")]
    return [Bilingual(_title(a, "zh"), _title(b, "en")) for a, b in zip(zh, en, strict=False)]


def _heading_text(line: str) -> str:
    bold = re.match(r"\s*\*\*(.+?)\*\*", line)
    return bold[1] if bold else _TITLE_END.split(line.strip(), maxsplit=1)[0]


def _title(text: str, language: Language) -> str:
    safe = plain(text, 60) or ("章节" if language == "zh" else "Section")
    return safe if is_plausibly(text, language) else f"“{safe}”"


def _with_title(frame: Section, title: Bilingual) -> Section:
    def filled(text: Bilingual) -> Bilingual:
        zh, en = (
            text.in_language(tongue).replace("{{section_title}}", title.in_language(tongue))
            for tongue in LANGUAGES
        )
        return Bilingual(zh, en)

    return Section(
        kind=frame.kind,
        title=filled(frame.title),
        lead=filled(frame.lead),
        points=tuple(map(filled, frame.points)),
        columns=tuple(map(filled, frame.columns)),
        rows=tuple(tuple(map(filled, row)) for row in frame.rows),
    )


def _mapped(text: Bilingual, change: Callable[[str], str]) -> Bilingual:
    return Bilingual(change(text.zh), change(text.en))


def _joined(lines: Sequence[Bilingual]) -> Bilingual:
    return Bilingual("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))
