"""What the cells of the admin are made of: links, labels, code, amounts."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from config.errors import describe
from config.languages import Language

CODE_LENGTH = 20_000


def badge(text: Any, colour: str = "") -> SafeString:
    """A small coloured label; `colour` is one of unfold's (info, primary, success, warning, danger)."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def unbroken(text: Any) -> SafeString:
    """A cell of a list that stays on one line: keys, amounts, versions."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def code_cell(code: str) -> SafeString | str:
    """A code in capitals, which may be broken between its words and nowhere else."""
    if not code:
        return "-"
    words = format_html_join(mark_safe("_<wbr>"), "{}", ((word,) for word in code.split("_")))
    return format_html(
        '<code style="font: inherit; overflow-wrap: normal; word-break: normal">{}</code>', words
    )


def anchor(address: str, text: Any) -> SafeString:
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, text)


def page_of(model: type[Model], pk: Any) -> str:
    """The address of a row's page."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def list_of(model: type[Model], **query: Any) -> str:
    """The address of the list of a model's rows."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def download_of(model: type[Model], pk: Any) -> SafeString | str:
    """A link to the row as a file, for models that have one."""
    try:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_download", args=[pk])
    except NoReverseMatch:
        return ""
    return format_html(" · {}", anchor(address, gettext("Download")))


def link_to(row: Model | None, text: Any = "") -> SafeString | str:
    """A link to the row's page."""
    return "-" if row is None else anchor(page_of(type(row), row.pk), text or str(row))


def as_line(data: Any, length: int = 300) -> str:
    """JSON data on one line, as far as it fits."""
    text = json.dumps(data, ensure_ascii=False) if data else ""
    return text if len(text) <= length else text[: length - 1] + "…"


def as_code(data: Any) -> SafeString | str:
    """JSON data as indented text."""
    if not data:
        return "-"
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return format_html(
        '<pre class="whitespace-pre-wrap break-words font-mono text-xs max-h-96 overflow-auto">{}</pre>',
        text[:CODE_LENGTH],
    )


def as_rows(data: Any, words: Mapping[str, Any], links: Mapping[str, str]) -> SafeString | str:
    """JSON data as a line for each value: its name in words, ids that `links` knows the model of as links."""
    if not isinstance(data, Mapping):
        return as_code(data)
    rows = ((words.get(name, name), _value(name, value, words, links)) for name, value in data.items())
    return format_html_join("", '<div>{}: <b class="break-words">{}</b></div>', rows) or "-"


def _value(name: str, value: Any, words: Mapping[str, Any], links: Mapping[str, str]) -> Any:
    if name in links and value:
        model = apps.get_model(links[name])
        return format_html("{}{}", anchor(page_of(model, value), value), download_of(model, value))
    if isinstance(value, Mapping) and not any(isinstance(one, list | Mapping) for one in value.values()):
        return " · ".join(
            f"{words.get(key, key)} {_value(key, one, words, {})}" for key, one in value.items()
        )
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(_value(name, one, words, {}) for one in value) or "-"
    if name in ("language", "languages", "source_language") and value in Language.values:
        return Language(value).label
    return said(value)


def said(value: Any) -> Any:
    """A value of JSON as people read it: yes and no, a dash for nothing."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return as_line(value) if isinstance(value, list | Mapping) else "-" if value in (None, "") else value


def error_text(code: str) -> str:
    """A code with its sentence, but for those whose sentence needs what nobody kept."""
    sentence = describe(code, get_language() or "en")
    return (code if "{" in sentence else f"{code}: {sentence}") if code else "-"
