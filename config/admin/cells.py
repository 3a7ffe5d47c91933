"""What the cells of the admin are made of: links, labels, code, amounts."""

import json
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from config.errors import describe

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


def error_text(code: str) -> str:
    """A code with its sentence, but for those whose sentence needs what nobody kept."""
    sentence = describe(code, get_language() or "en")
    return (code if "{" in sentence else f"{code}: {sentence}") if code else "-"
