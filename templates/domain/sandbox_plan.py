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
_TITLE_END = re.compile(r"\s*(?:[:：—。;；]|\s[-–]\s)[\s—]*")
_WORD = re.compile(r"[a-z]{5}|(?=([\u4e00-\u9fff]{2}))")
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
    """The sections that the template's prompt asks for, none besides.

    A template of the catalogue has its outline there, as long as its prompts are unchanged. Any other has the
    sections that its prompt numbers (``1. Title — what it holds``), else a general one.
    """
    catalogue = load_catalogue()
    known = catalogue.template(template.code)
    category = catalogue.category(template.category_code)
    if known is not None and category is not None and _has_same_prompts(known, template):
        return (*known.sections, *category.closing)
    frames = catalogue.general.sections
    asked = _asked_sections(template)
    if not asked:
        return (
            _with_title(frames[0], Bilingual("主要内容", "Main content"), None),
            *catalogue.general.closing,
        )
    return tuple(
        _with_title(frames[position % len(frames)], title, brief)
        for position, (title, brief) in enumerate(asked[:_MAX_SECTIONS])
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
        general = self._catalogue.general
        outline = outline_of(self._template)
        statements = _statements(self._project)
        quoted = _quoted(statements, [section for section in outline if section.ask])
        yield self._filled(
            Bilingual("# {{project_name}}：{{template_name}}", "# {{project_name}}: {{template_name}}")
        )
        yield self._facts()
        yield from self._preface(statements)
        for section in outline:
            yield from self._section(section, quoted.get(section))
        if self._has_website:
            yield self._filled(general.sources[1])
        yield Bilingual("---", "---")
        yield self._filled(self._picked(general.ending, self._seed // 7))

    def _facts(self) -> Bilingual:
        rows = [
            (Bilingual("项目", "Item"), Bilingual("内容", "Content")),
            (Bilingual("项目名称", "Project"), Bilingual("{{project_name}}", "{{project_name}}")),
            (Bilingual("文档类型", "Document"), Bilingual("{{template_name}}", "{{template_name}}")),
            (Bilingual("网站", "Website"), Bilingual("{{project_website}}", "{{project_website}}")),
            (Bilingual("状态", "Status"), Bilingual("沙盒示例稿，待评审", "Sandbox sample, awaiting review")),
        ]
        return self._table(rows)

    def _preface(self, statements: Sequence[Bilingual]) -> Iterator[Bilingual]:
        """What the document is for, and what it rests on."""
        if self._template.description("zh").strip():
            yield self._filled(
                Bilingual(
                    "本文的目的：{{template_description}}",
                    "Purpose of this document: {{template_description}}",
                )
            )
        yield self._filled(self._picked(self._catalogue.general.background, self._seed))
        if self._has_website:
            yield self._filled(self._catalogue.general.sources[0])
        if not self._project.description("zh").strip():
            yield Bilingual(
                "> 项目说明尚未填写，待确认。", "> The project hasn't been described yet; to be confirmed."
            )
        else:
            yield _joined([_mapped(text, lambda line: f"> {line}") for text in statements])

    def _section(self, section: Section, quotation: Bilingual | None) -> Iterator[Bilingual]:
        yield self._filled(_mapped(section.title, lambda text: f"## {text}"))
        yield self._filled(section.lead)
        if quotation is not None and section.ask is not None:
            source = self._filled(
                Bilingual("——《{{project_name}}》项目说明", " — the description of {{project_name}}")
            )
            ask = self._filled(section.ask)
            yield Bilingual(
                *(
                    f"> {quotation.in_language(tongue)}{source.in_language(tongue)}\n>\n> {ask.in_language(tongue)}"
                    for tongue in LANGUAGES
                )
            )
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
        safe = {name: _fitted(name, value, language) for name, value in values.items()}
        link = _link(self._project.website.strip())
        return safe | ({"project_website": link} if link else {})

    @property
    def _has_website(self) -> bool:
        return bool(_link(self._project.website.strip()))


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


def _quoted(statements: Sequence[Bilingual], sections: Sequence[Section]) -> dict[Section, Bilingual]:
    """The statement that each section quotes: of those that are left, the one with most words in common with it."""
    left = list(statements) if len(statements) > 1 else []
    quoted: dict[Section, Bilingual] = {}
    for section in sections[: len(left)]:
        words = _words(section.title) | _words(section.lead) | _words(section.ask or section.title)
        quoted[section] = max(left, key=lambda statement: len(words & _words(statement)))
        left.remove(quoted[section])
    return quoted


def _words(text: Bilingual) -> set[str]:
    """The beginnings of English words and the pairs of Chinese characters."""
    return {match[0] or match[1] for match in _WORD.finditer(f"{text.en} {text.zh}".lower())}


def _link(website: str) -> str:
    """The address as a link, empty if it can't be one."""
    try:
        is_link = urlsplit(website).scheme in {"http", "https"} and BARE_URL.fullmatch(website)
    except ValueError:
        is_link = None
    return f"<{website}>" if is_link and not re.search(r"[<>|\\`]", website) else ""


def _has_same_prompts(known: CatalogueTemplate, template: TemplateInput) -> bool:
    return all(
        normalized(known.texts.prompt(tongue)) == normalized(template.prompt(tongue)) for tongue in LANGUAGES
    )


def _asked_sections(template: TemplateInput) -> list[tuple[Bilingual, Bilingual | None]]:
    """The titles of the sections that the prompt numbers, each with what it says about the section."""
    zh, en = (
        [_title_and_brief(match["title"]) for match in _NUMBERED.finditer(template.prompt(tongue))]
        for tongue in LANGUAGES
    )
    return [
        (
            Bilingual(_title(title_zh, "zh"), _title(title_en, "en")),
            Bilingual(plain(brief_zh), plain(brief_en)) if plain(brief_zh) and plain(brief_en) else None,
        )
        for (title_zh, brief_zh), (title_en, brief_en) in zip(zh, en, strict=False)
    ]


def _title_and_brief(line: str) -> tuple[str, str]:
    bold = re.match(r"\s*\*\*(.+?)\*\*", line)
    if bold:
        return bold[1], _TITLE_END.sub("", line[bold.end() :], count=1).strip(" .。;；")
    title, *brief = _TITLE_END.split(line.strip(), maxsplit=1)
    return title, "".join(brief).strip(" .。;；")


def _title(text: str, language: Language) -> str:
    safe = plain(text, 60) or ("章节" if language == "zh" else "Section")
    return safe if is_plausibly(text, language) else f"“{safe}”"


def _with_title(frame: Section, title: Bilingual, brief: Bilingual | None) -> Section:
    """The general section under this title; ``brief`` is what the template says that it holds."""

    def filled(text: Bilingual) -> Bilingual:
        zh, en = (
            text.in_language(tongue).replace("{{section_title}}", title.in_language(tongue))
            for tongue in LANGUAGES
        )
        return Bilingual(zh, en)

    lead = filled(frame.lead)
    if brief is not None:
        lead = Bilingual(
            f"{lead.zh}模板对本节的要求：“{brief.zh}”。",
            f"{lead.en} The template asks here for “{brief.en}”.",
        )
    return Section(
        kind=frame.kind,
        title=filled(frame.title),
        lead=lead,
        ask=filled(frame.ask) if frame.ask else None,
        points=tuple(map(filled, frame.points)),
        columns=tuple(map(filled, frame.columns)),
        rows=tuple(tuple(map(filled, row)) for row in frame.rows),
    )


def _mapped(text: Bilingual, change: Callable[[str], str]) -> Bilingual:
    return Bilingual(change(text.zh), change(text.en))


def _joined(lines: Sequence[Bilingual]) -> Bilingual:
    return Bilingual("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))
