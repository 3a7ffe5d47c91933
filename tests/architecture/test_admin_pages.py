"""What staff see of every model: a Chinese page without English words, and nothing to scroll sideways on a phone."""

import os
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generation.jobs.registry import KINDS
from tests.support.browser import Browser, find_browser
from tests.support.rows import make_rows
from tests.support.speaking import speak

#: Words that are the same in Chinese: names of things, units, abbreviations, and what rows themselves say.
SAME = {
    "atelier", "ip", "api", "url", "usd", "utc", "json", "csv", "markdown", "html",
    "english", "llm", "token", "tokens",
    "min", "esc", "en", "zh", "hans", "mac", "command", "control", "schema", "celery", "siliconflow", "moonshot",
    "deepseek", "qwen", "tencent", "cloud", "meshy", "atl", "live", "test", "kinds", "texts", "stored", "chord",
    "counters", "ai", "glb", "stl", "obj", "ply",
}  # fmt: skip
WORD = re.compile(r"(?<![\w-])[A-Za-z][A-Za-z'’]+(?![\w-])")
EDITED = re.compile(r"<(script|style|textarea)\b.*?</\1>|<[^>]*>", re.DOTALL)
RAW = re.compile(r"[\[{]\s*(?:&quot;|\")\w+")
ADDRESS = re.compile(r"https?://\S+")
NARROW, WIDE = 390, 1440


class _Texts(HTMLParser):
    """The labels of a page: headings, menu, buttons, options, help. What rows say isn't looked at."""

    SKIPPED = ("script", "style", "template", "pre", "code", "textarea", "article", "b", "time")
    VOID = ("input", "br", "img", "meta", "link", "hr", "source", "col", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[bool] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "")
        is_hidden = tag in self.SKIPPED or "material-symbols" in classes or "data-cell" in given
        if not any(self.stack):
            self.found += [given[name] for name in ("placeholder", "title", "aria-label") if name in given]
        if tag not in self.VOID:
            self.stack.append(is_hidden)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self.stack:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.stack):
            self.found.append(data)


def leftovers(page: str, values: set[str]) -> set[str]:
    """English words on a page, but for those that its rows hold."""
    parser = _Texts()
    parser.feed(page)
    texts = [ADDRESS.sub("", text) for text in parser.found]
    words = {word.lower() for text in texts for word in WORD.findall(text) if word != "ID"}
    return words - SAME - {word.lower() for value in values for word in WORD.findall(value)}


def raw_data(page: str) -> list[str]:
    """Pieces of JSON that a page shows instead of words; in a form's field it is what one edits."""
    return RAW.findall(EDITED.sub("", page))


def said_by(row: Any) -> set[str]:
    """The texts of a row and of the rows that it belongs to."""
    values: set[str] = set()
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name)
        if hasattr(value, "_meta"):
            values |= {str(getattr(value, f.attname)) for f in value._meta.concrete_fields} | {str(value)}
        else:
            values.add(str(value))
    return values


def registered() -> list[Any]:
    return sorted(admin.site._registry.values(), key=lambda one: str(one.model._meta.label))


def named(one: Any) -> str:
    return str(one.model._meta.label)


def addresses(one: Any) -> list[str]:
    """The list of a model's rows, and the page of one."""
    name = f"admin:{one.model._meta.app_label}_{one.model._meta.model_name}"
    row = make_rows(one.model, 1)
    return [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])]


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", language="zh"))
    return client


@pytest.mark.parametrize("one", registered(), ids=named)
def test_a_chinese_page_has_no_english_words(boss: Client, one: Any) -> None:
    changelist, change = addresses(one)
    row = one.model._default_manager.order_by("-pk").first()
    values = said_by(row) | {"boss", "boss@example.com", str(row), *KINDS}
    for address in (changelist, f"{changelist}?q=nothing-like-it", change):
        page = boss.get(address)
        assert page.status_code == 200
        assert leftovers(page.content.decode(), values | {"nothing-like-it"}) == set(), address
        assert raw_data(page.content.decode()) == [], address


def test_the_look_finds_a_planted_word() -> None:
    page = '<h1>任务 Jobs</h1><input placeholder="Search"><pre>kept</pre><p>茶 USD</p><td>tea</td>'
    assert leftovers(page, {"tea"}) == {"jobs", "search"}


def test_the_look_finds_planted_data() -> None:
    page = """<a x-data='{"a": 1}'>a</a><textarea>{"b": 1}</textarea><pre>{\n  &quot;c&quot;: 1}</pre>[1] {{d}}"""
    assert raw_data(page) == ["{\n  &quot;c"]


def test_every_page_is_called_as_in_the_menu(boss: Client) -> None:
    menu = {
        item["link"]: str(item["title"])
        for section in boss.get(reverse("admin:index")).context["sidebar_navigation"]
        for item in section["items"]
    }
    for address, title in menu.items():
        assert str(boss.get(address).context["title"]) == title


def test_an_account_is_spoken_to_in_its_language_until_it_chooses_another(boss: Client) -> None:
    home = reverse("admin:index")
    english = {"Accept-Language": "en-US,en;q=0.9"}
    assert 'lang="zh-hans"' in boss.get(home, headers=english).text
    chosen = boss.post(reverse("set_language"), {"language": "en", "next": home}, follow=True)
    assert 'lang="en"' in chosen.text
    assert 'lang="en"' in boss.get(home).text


def test_logging_in_forgets_the_choice_of_who_sat_there_before(boss: Client) -> None:
    user = User.objects.get(username="boss")
    user.set_password("Tea-House-2026!")
    user.save()
    client = speak(Client(), "en")
    form = {"username": "boss", "password": "Tea-House-2026!"}
    page = client.post(reverse("admin:login"), form, follow=True)
    assert 'lang="zh-hans"' in page.text


AWAY = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "http:///evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/%0d%0aLocation:https://evil.example",
    " https://evil.example",
)


@pytest.mark.parametrize("away", AWAY)
def test_nobody_is_led_away_from_the_house(boss: Client, away: str) -> None:
    """Neither by the choice of a language nor by logging in."""
    user = User.objects.get(username="boss")
    user.set_password("Tea-House-2026!")
    user.save()
    form = {"username": "boss", "password": "Tea-House-2026!", "next": away}
    answers = [
        boss.post(reverse("set_language"), {"language": "en", "next": away}, headers={"Referer": away}),
        boss.post(f"{reverse('set_language')}?next={away}", {"language": "en"}, headers={"Referer": away}),
        Client().post(f"{reverse('admin:login')}?next={away}", form),
        Client().post(reverse("admin:login"), form),
    ]
    for answer in answers:
        place = answer.headers.get("Location", "/")
        assert place.startswith("/"), place
        assert not place.startswith(("//", "/\\")), place
        assert "\r" not in place
        assert "\n" not in place


#: Dates and percentages that stand on more than one line.
BROKEN = r"""(() => {
    const found = [], walker = document.createTreeWalker(document.querySelector("main") || document.body, 4);
    while (walker.nextNode()) {
        const text = walker.currentNode.data.trim();
        if (!/^\d{4}-\d\d-\d\d[ \d:]*(UTC)?$|^\d+ %$/.test(text)) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) found.push(text);
    }
    return found;
})()"""


@pytest.mark.system
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(find_browser() is None, reason="no Chromium or Chrome on this machine")
def test_no_page_is_wider_than_the_screen(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 390 px in both languages, and at 1,440 px, where the ledger of calls shows its table whole and no date or
    percentage is broken."""
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@example.com"))
    places = [reverse("admin:index"), *(place for one in registered() for place in addresses(one))]
    wide: list[str] = []  # or broken
    with Browser(str(find_browser())) as browser:

        def look(place: str, language: str, width: int) -> None:
            browser.resize(width)
            if browser.run("document.documentElement.scrollWidth") > width:
                wide.append(f"{place} {language} {width}")

        browser.set_cookie(live_server.url, settings.SESSION_COOKIE_NAME, client.cookies["sessionid"].value)
        for language in ("zh-hans", "en"):
            browser.set_cookie(live_server.url, settings.LANGUAGE_COOKIE_NAME, language)
            for place in places:
                browser.resize(NARROW)
                browser.open(f"{live_server.url}{place}")
                look(place, language, NARROW)
                if language == "en":
                    look(place, language, WIDE)
                    wide += [f"{place}: {text} is broken" for text in browser.run(BROKEN)]
        browser.resize(WIDE)
        browser.open(f"{live_server.url}{reverse('admin:generation_providercall_changelist')}")
        table = "document.querySelector('#result_list')"
        assert browser.run(f"{table}.scrollWidth <= {table}.parentElement.clientWidth")
        browser.run("document.body.innerHTML = '<p style=\"width: 6em\">2026-01-31 08:00 UTC</p>'")
        assert browser.run(BROKEN) == ["2026-01-31 08:00 UTC"]
    assert wide == []
