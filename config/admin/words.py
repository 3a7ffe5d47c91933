"""Stored data in the words that people read: fields by what they are called, rows by their names, no JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from config.admin.cells import anchor, as_line, download_of, page_of
from config.languages import Language

Words = Mapping[str, Any]
#: Name → what each of its values is called.
Values = Mapping[str, Mapping[Any, Any]]
LANGUAGES = ("language", "languages", "source_language")


def model_called(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def field_word(model: type[Model] | None, name: str) -> Any:
    """What people call a field of a model; the name itself where there is no such field."""
    try:
        return model._meta.get_field(name).verbose_name if model else name  # type: ignore[union-attr]
    except (FieldDoesNotExist, AttributeError):
        return name


def field_values(model: type[Model] | None) -> Values:
    """What the values of a model's closed vocabularies are called."""
    fields = model._meta.concrete_fields if model else ()
    return {field.name: dict(field.flatchoices) for field in fields if field.choices}


def as_rows(
    data: Any, words: Words, links: Mapping[str, str] | None = None, values: Values | None = None
) -> SafeString | str:
    """JSON data as a line for each value, or for each of a list of things: names and values in words, ids that `links`
    knows the model of as links to those rows, by their names."""
    return _Teller(words, links or {}, values or {}).rows(data)


def changed(model: type[Model] | None, changes: Mapping[str, Any], words: Words) -> Iterator[tuple[Any, Any]]:
    """What the audit keeps of a change: each field with what it was and what it became, and figures as they are."""
    for name, one in changes.items():
        if not isinstance(one, Mapping):
            yield words.get(name, name), said(one)
        elif {"from", "to"} <= one.keys():
            yield field_word(model, name), f"{said(one['from'])} → {said(one['to'])}"
        else:  # a row that was edited on the page of the one that it belongs to
            inner = model_called(f"{model._meta.app_label}.{name.partition(' ')[0]}") if model else None
            for field, value in changed(inner, one, words):
                yield format_html("{} · {}", inner._meta.verbose_name if inner else name, field), value


def said(value: Any) -> Any:
    """A value of JSON as people read it: yes and no, a dash for nothing."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return as_line(value) if isinstance(value, list | Mapping) else "-" if value in (None, "") else value


class _Teller:
    def __init__(self, words: Words, links: Mapping[str, str], values: Values) -> None:
        self.words = words
        self.links = links
        self.values = values

    def rows(self, data: Any) -> SafeString | str:
        if isinstance(data, Mapping):
            rows = ((self.word(name), self.value(name, value)) for name, value in data.items())
            return format_html_join("", '<div>{}: <b class="break-words">{}</b></div>', rows) or "-"
        if isinstance(data, list):
            lines = ((self.value("", one),) for one in data)
            return format_html_join("", '<div class="break-words">{}</div>', lines) or "-"
        return str(said(data))

    def word(self, name: str) -> Any:
        return self.words.get(name, name)

    def value(self, name: str, value: Any) -> Any:
        if name in self.links and value:
            return linked(self.links[name], value if isinstance(value, list) else [value])
        if isinstance(value, Mapping) and not any(isinstance(one, Mapping) for one in value.values()):
            given = {key: one for key, one in value.items() if one not in (None, "", [])}
            return format_html_join(
                " · ", "{} {}", ((self.word(key), self.value(key, one)) for key, one in given.items())
            )
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return ", ".join(str(self.value(name, one)) for one in value) or "-"
        if name in LANGUAGES and value in Language.values:
            return Language(value).label
        if name in self.values and not isinstance(value, list | Mapping):
            return self.values[name].get(value, said(value))
        return said(value)


def linked(label: str, keys: Sequence[Any]) -> SafeString:
    """Links to these rows, by their names; what is gone is an id that leads nowhere."""
    model = apps.get_model(label)
    rows = {str(pk): row for pk, row in model._base_manager.in_bulk(keys).items()}
    return format_html_join(", ", "{}", ((_link(model, rows.get(str(key)), key),) for key in keys))


def _link(model: type[Model], row: Model | None, key: Any) -> SafeString:
    if row is None:
        return format_html("{} ({})", key, gettext("deleted"))
    return format_html("{}{}", anchor(page_of(model, row.pk), str(row) or key), download_of(model, row.pk))
