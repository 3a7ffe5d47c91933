"""How the gallery's page asks what the API's list of public models is asked: orders, filters, and those in use."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from models3d.api.pages import GALLERY, address
from models3d.api.views.gallery import GalleryListApi
from models3d.domain.words import Format
from models3d.models.models import LICENCE_WORDS

SPEC = GalleryListApi.spec


def sorts(request: HttpRequest, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Links to the same models in another order."""
    orders = {
        "newest": _("Newest"),
        "trending": _("Trending"),
        "likes": _("Most liked"),
        "downloads": _("Most downloaded"),
        "views": _("Most viewed"),
    }
    chosen = asked.get("sort", SPEC.default_sort)
    narrowed = {name: value for name, value in asked.items() if name in SPEC.filters}
    return [
        {
            "label": label,
            "address": address(
                request, GALLERY, **{**narrowed, "sort": "" if name == SPEC.default_sort else name}
            ),
            "is_current": name == chosen,
        }
        for name, label in orders.items()
    ]


def fields(asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The form's fields."""
    every = ("", _("All"))
    choices = {
        "printable": [every, ("true", _("Printable")), ("false", _("Not printable as they are"))],
        "made_with_ai": [every, ("true", _("Made with AI")), ("false", _("Not made with AI"))],
        "licence": [every, *((one.value, str(word)) for one, word in LICENCE_WORDS.items())],
        "format": [every, *((one.value, one.value.upper()) for one in Format)],
    }
    labels = {
        "printable": _("Prints"),
        "max_size_mm": _("Longest side at most, mm"),
        "licence": _("Licence"),
        "format": _("Original format"),
        "made_with_ai": pgettext("filter", "Origin"),
        "tag": _("Tag"),
    }
    return [
        {"name": name, "label": label, "value": asked.get(name, ""), "choices": choices.get(name)}
        for name, label in labels.items()
    ]


def chips(request: HttpRequest, asked: Mapping[str, str]) -> list[dict[str, str]]:
    """The filters in use, each with the address without it."""
    words = {
        name: dict(field["choices"])
        for field in fields(asked)
        if (name := field["name"]) and field["choices"]
    }
    said = {"search": "“{}”", "max_size_mm": "≤ {} mm", "tag": "#{}", "author": "@{}"}
    return [
        {
            "label": words.get(name, {}).get(value) or said.get(name, "{}").format(value),
            "without": address(request, GALLERY, **{**asked, name: ""}),
        }
        for name, value in asked.items()
        if name in SPEC.filters
    ]
