"""A document as one standalone HTML page: no script, no request to anyone, good on screen and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from config.markdown.sanitized import Heading, markdown_to_html
from config.markdown.style import stylesheet
from templates.domain import notes
from templates.domain.inputs import Language

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'"
)
"""Said in the page, and by whoever serves it: whatever got past the sanitizer runs nothing and posts nothing."""

_MIN_CONTENTS = 4
_MAX_CONTENTS = 40

_LANG_ATTRIBUTE: Mapping[Language, str] = {"zh": "zh-CN", "en": "en"}

# strftime("%B") would follow the server's locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "contents": "目录",
        "project": "项目",
        "template": "文档",
        "version": "版本",
        "generated": "生成日期",
        "sandbox": "本文由沙盒按规则生成，仅供演示；内容未经核实，请勿当作事实引用。",
    },
    "en": {
        "contents": "Contents",
        "project": "Project",
        "template": "Document",
        "version": "Version",
        "generated": "Generated",
        "sandbox": "The sandbox made this text by rules, as a demonstration. Nothing in it is verified; don't quote "
        "it as fact.",
    },
}


@dataclass(frozen=True, kw_only=True)
class PageDetails:
    """What a page says about its document besides the text. ``version`` counts from 1."""

    title: str
    language: Language
    project: str
    template: str
    version: int
    generated_on: date
    is_sandbox: bool = False
    is_small_model: bool = False


def document_page(markdown: str, details: PageDetails) -> str:
    """The whole HTML page. Every text is escaped or sanitized; a strict policy forbids scripts in any case."""
    rendered = markdown_to_html(markdown)
    words = _WORDS[details.language]
    contents = _contents(rendered.headings, words["contents"])
    return f"""<!DOCTYPE html>
<html lang="{_LANG_ATTRIBUTE[details.language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{escape(details.title)}</title>
<style>
{stylesheet()}</style>
</head>
<body{"" if contents else ' class="plain"'}>
{contents}<main>
<p class="eyebrow"><span>{escape(details.project)}</span><span>{escape(details.template)}</span></p>
{_notice(details, words)}<article>
{rendered.html.strip()}
</article>
{_footer(details, words)}
</main>
</body>
</html>
"""


def _notice(details: PageDetails, words: Mapping[str, str]) -> str:
    said = words["sandbox"] if details.is_sandbox else ""
    if details.is_small_model:
        said = notes.SMALL_MODEL[details.language]
    return f'<p class="notice" role="note">{escape(said)}</p>\n' if said else ""


def _contents(headings: Sequence[Heading], label: str) -> str:
    sections = [heading for heading in headings if heading.level == 2 and heading.text][:_MAX_CONTENTS]
    if len(sections) < _MIN_CONTENTS:
        return ""
    items = "\n".join(f'<li><a href="#{item.anchor}">{escape(item.text)}</a></li>' for item in sections)
    return f'<nav aria-label="{escape(label)}">\n<p>{escape(label)}</p>\n<ol>\n{items}\n</ol>\n</nav>\n'


def _footer(details: PageDetails, words: Mapping[str, str]) -> str:
    day = details.generated_on
    if details.language == "zh":
        shown = f"{day.year} 年 {day.month} 月 {day.day} 日"
    else:
        shown = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    facts = (
        (words["project"], escape(details.project)),
        (words["template"], escape(details.template)),
        (words["version"], str(details.version)),
        (words["generated"], f'<time datetime="{day:%Y-%m-%d}">{shown}</time>'),
    )
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f"<footer><dl>{items}</dl></footer>"
