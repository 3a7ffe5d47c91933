import dataclasses
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.markdown.sanitized import markdown_to_html
from templates.domain.html.page import PageDetails, document_page

DETAILS = PageDetails(
    title="潮声电台 — 测试计划", language="zh", project="潮声电台", template="测试计划", version=3,
    generated_on=date(2026, 11, 22),
)  # fmt: skip


class Audit(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)


def audit(markdown: str) -> Audit:
    return Audit(markdown_to_html(markdown).html)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        '<a href="JaVaScRiPt:alert(1)">x</a>',
        '<a href="data:text/html,<script>1</script>">x</a>',
        "<iframe src='https://evil.example'></iframe>",
        "<style>body{display:none}</style>",
        '<p style="position:fixed">x</p>',
        "<form action='https://evil.example'><input></form>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
        "<base href='https://evil.example'>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "![x](http://tracker.example/p.png)",
        '```x" onmouseover="alert(1)\ncode\n```',
    ],
)
def test_nothing_in_a_document_can_act(markdown):
    found = audit(markdown)
    assert not set(found.tags) & {"script", "iframe", "style", "form", "input", "svg", "base", "meta", "math"}
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert not [value for name, value in found.attributes if name in {"href", "src"} and "evil" in value]
    assert not [
        v for n, v in found.attributes if n in {"href", "src"} and not v.startswith(("https://", "mailto:"))
    ]


@given(st.text(alphabet="<>/\"'=&;:()[]` \nscriptonjavaimghref中", max_size=80))
@settings(max_examples=60)
def test_no_text_breaks_out_of_the_article(text):
    page = document_page(text, dataclasses.replace(DETAILS, title=text, project=text, template=text))
    found = Audit(page)
    assert "script" not in found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert page.count("</html>") == 1
    assert found.tags.count("footer") == 1


def test_links_lead_away_safely():
    html = markdown_to_html("[a](https://a.example) <https://b.example>").html
    assert html.count('rel="noopener noreferrer nofollow"') == 2


def test_tables_keep_alignment_without_styles():
    html = markdown_to_html("| 甲 | 乙 |\n|:-:|--:|\n| 1 | 2 |").html
    assert 'align="center"' in html
    assert 'align="right"' in html
    assert "style" not in html
    assert html.count('<div class="table"') == html.count("</table></div>") == 1


def test_code_keeps_its_language_and_its_characters():
    html = markdown_to_html("```python\nif a < b & c: print('你好')\n```").html
    assert 'class="language-python"' in html
    assert "a &lt; b &amp; c" in html


def test_headings_get_anchors_that_documents_cannot_forge():
    rendered = markdown_to_html('# 标题\n\n## 第二 `x`\n\n<h2 id="admin">Forged</h2>')
    assert [(h.level, h.text, h.anchor) for h in rendered.headings] == [
        (1, "标题", "section-1"),
        (2, "第二 x", "section-2"),
    ]
    assert 'id="section-2"' in rendered.html
    assert "admin" not in rendered.html


@pytest.mark.parametrize(
    ("language", "lang", "shown"), [("zh", "zh-CN", "2026 年 11 月 22 日"), ("en", "en", "22 November 2026")]
)
def test_a_page_says_where_it_comes_from(language, lang, shown):
    page = document_page("# T", dataclasses.replace(DETAILS, language=language))
    assert f'<html lang="{lang}">' in page
    assert shown in page
    assert "潮声电台" in page.split("<footer>")[1]
    assert "<dd>3</dd>" in page


def test_the_title_is_escaped():
    page = document_page("x", dataclasses.replace(DETAILS, title="</title><script>1</script>"))
    assert "<title>&lt;/title&gt;&lt;script&gt;1&lt;/script&gt;</title>" in page


@pytest.mark.parametrize(("language", "words"), [("zh", "沙盒"), ("en", "sandbox")])
def test_only_the_sandbox_owns_up(language, words):
    details = dataclasses.replace(DETAILS, language=language)
    assert words not in document_page("x", details)
    assert words in document_page("x", dataclasses.replace(details, is_sandbox=True))


def test_a_page_asks_nobody_for_anything_and_prints():
    page = document_page("# T\n\n" + "\n\n".join(f"## 章节 {n}\n\n文字" for n in range(5)), DETAILS)
    found = Audit(page)
    assert not set(found.tags) & {"script", "link", "iframe"}
    assert "url(" not in page
    assert "default-src 'none'" in page
    assert "@media print" in page
    assert page.count('href="#section-') == 5


def test_a_short_document_needs_no_contents():
    assert "<nav" not in document_page("# T\n\n## A\n\n## B", DETAILS)
