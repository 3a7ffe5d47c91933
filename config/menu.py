"""The menu of the admin: each app registers the section with its pages in `AppConfig.ready`."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from config.registry import Registry


@dataclass(frozen=True, slots=True)
class Item:
    """A list of rows: `model` as `app.model`, a name of a Material symbol, and a title if not the model's plural."""

    model: str
    icon: str
    title: str | Promise = ""

    def entry(self, request: HttpRequest) -> dict[str, Any]:
        """What Unfold shows to whoever may see the page."""
        meta = apps.get_model(self.model)._meta
        return {
            "title": title_of(apps.get_model(self.model)),
            "icon": self.icon,
            "link": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
            "permission": lambda request: request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}"),
        }


@dataclass(frozen=True, slots=True)
class Section:
    title: str | Promise
    items: tuple[Item, ...]
    position: int


SECTIONS: Registry[Section] = Registry("menu section")


def register(name: str, title: str | Promise, *items: Item, position: int) -> None:
    """Show these pages under `title`; sections stand in the order of their positions."""
    SECTIONS.register(name, Section(title, items, position))


def title_of(model: type[Model]) -> str | Promise:
    """What the page of these rows is called, in the menu and above it."""
    items = (item for section in SECTIONS.values() for item in section.items)
    own = (item.title for item in items if item.model == model._meta.label_lower)
    return next(own, "") or capfirst(str(model._meta.verbose_name_plural))


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The whole menu, as Unfold wants it."""
    home = {"title": _("Work list"), "icon": "dashboard", "link": reverse("admin:index")}
    sections = sorted(SECTIONS.values(), key=lambda section: section.position)
    return [
        {"items": [home]},
        *(
            {
                "title": section.title,
                "separator": True,
                "collapsible": True,
                "items": [item.entry(request) for item in section.items],
            }
            for section in sections
        ),
    ]
