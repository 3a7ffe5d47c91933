"""What the gallery's pages say of a model, in words."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from generation.models.requests import STYLES
from models3d.domain.reports import MeshReport
from models3d.domain.verdicts import verdict

NARROW = "\N{NO-BREAK SPACE}"
#: What could end the script in which data for machines stands.
ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


class Fact(NamedTuple):
    label: str
    value: str


class Counter(NamedTuple):
    icon: str
    label: str


def number(value: float) -> str:
    """Three figures are what a ruler tells."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2
    rounded = round(value, places)
    return f"{int(rounded) if rounded == int(rounded) else rounded:,}"


def millimetres(*sides: float) -> str:
    return f"{f'{NARROW}×{NARROW}'.join(map(number, sides))}{NARROW}mm"


def volume(mm3: float) -> str:
    return f"{number(mm3 / 1000)}{NARROW}cm³" if mm3 >= 1000 else f"{number(mm3)}{NARROW}mm³"


def facts(report: Mapping[str, Any]) -> Iterator[Fact]:
    """What was measured, as far as it could be."""
    yield Fact(_("Size"), millimetres(*report["size_mm"]))
    if report["volume_mm3"]:
        yield Fact(_("Volume"), volume(report["volume_mm3"]))
    if report["thinnest_mm"]:
        yield Fact(_("Thinnest wall"), f"≈{NARROW}{millimetres(report['thinnest_mm'])}")
    yield Fact(_("Overhangs over 45°"), f"{round(100 * report['overhang_share'])}{NARROW}%")
    yield Fact(_("Triangles"), f"{report['triangles']:,}")


def judgement(report: Mapping[str, Any]) -> dict[str, Any]:
    """Whether it prints, in words, and why not or what to know before."""
    found = verdict(MeshReport.from_json(dict(report)))
    language = get_language() or "en"
    said = [capfirst(reason.message(language)) for reason in (*found.reasons, *found.notes)]
    if found.is_printable:
        words = _("Printable")
    else:
        words = _("Needs repair before it prints") if found.needs_repair else _("Not printable as it is")
    return {"is_printable": found.is_printable, "words": words, "said": said}


def counters(row: Mapping[str, Any]) -> list[Counter]:
    views, likes, favourites, downloads = (row[name] for name in ("views", "likes", "favorites", "downloads"))
    said = [
        ("eye", ngettext("%(number)s view", "%(number)s views", views), views),
        ("heart", ngettext("%(number)s like", "%(number)s likes", likes), likes),
        ("star", ngettext("%(number)s favourite", "%(number)s favourites", favourites), favourites),
        ("download", ngettext("%(number)s download", "%(number)s downloads", downloads), downloads),
    ]
    return [Counter(icon, text % {"number": f"{count:,}"}) for icon, text, count in said]


def recipe(made: Mapping[str, Any]) -> list[Fact]:
    """How it was made, besides the words and the picture."""
    known = [
        (_("Style"), str(dict(STYLES).get(made["style"], ""))),
        (_("Shape"), made["shape"]),
        (_("Seed"), "" if made["seed"] is None else str(made["seed"])),
        (_("Made by"), " · ".join(filter(None, (made["provider"], made["model"])))),
    ]
    return [Fact(label, value) for label, value in known if value]


def terms(licence: Mapping[str, Any]) -> list[Fact]:
    """What a licence allows and asks for."""
    allowed, forbidden = _("allowed"), _("not allowed")
    said = [
        Fact(_("Remixes"), allowed if licence["allows_remixes"] else forbidden),
        Fact(_("Selling"), allowed if licence["allows_commerce"] else forbidden),
    ]
    if licence["needs_credit"]:
        said.append(Fact(_("Naming its author"), pgettext("licence", "required")))
    if licence["needs_same"]:
        said.append(Fact(_("Same licence for remixes"), pgettext("licence", "required")))
    return said


def linked_data(data: Mapping[str, Any]) -> SafeString:
    """Data for search engines (JSON-LD); a browser runs nothing of it."""
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False).translate(ESCAPED)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 — escaped above
