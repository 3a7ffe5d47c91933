"""Prompts, their versions and labels in the admin. Prompts are written by services, as everywhere."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.utils.formats import localize
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import User
from config.admin.base import ReadOnlyAdmin, ServiceAdmin
from config.admin.cells import link_to
from prompts.admin.words import told
from prompts.models import Prompt, PromptLabel, PromptVersion
from prompts.models.prompts import METRICS
from prompts.services.prompts import prompt_create, prompt_delete, prompt_update

#: Versions that a prompt's page leads to; the others are found by the prompt's id.
VERSIONS_SHOWN = 20


def _lines(rows: Iterable[tuple[Model, str]]) -> Any:
    """Links, one below the other."""
    return format_html_join("", "<div>{}</div>", ((link_to(row, text),) for row, text in rows)) or "-"


@admin.register(Prompt)
class PromptAdmin(ServiceAdmin):
    list_display = (
        "title",
        "folder",
        "platform",
        "version",
        "usage_count",
        "is_favorite",
        "owner",
        "updated_at",
    )
    list_filter = ("is_favorite", "is_auto_saved", "created_at")
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("title", "folder")
    search_help_text = _("A prompt's or owner's id, or a part of a title or folder")
    autocomplete_fields = ("owner",)
    sortable_by = ("usage_count",)
    readonly_fields = (
        "usage_count",
        "last_used_at",
        "tag_names",
        "variable_lines",
        "label_links",
        "version_links",
        "is_auto_saved",
        "imported_id",
    )
    fieldsets = (
        (None, {"fields": ("owner", ("title", "folder"), ("platform", "url"), "is_favorite", "tag_names")}),
        (_("Text"), {"fields": ("content", "variable_lines", "response")}),
        (_("Versions"), {"fields": ("label_links", "version_links")}),
        (_("Metrics"), {"fields": (METRICS[:3], METRICS[3:])}),
        (_("Use"), {"fields": (("usage_count", "last_used_at"), ("is_auto_saved", "imported_id"))}),
    )

    @display(description=_("tags"))
    def tag_names(self, prompt: Prompt) -> str:
        return ", ".join(tag.name for tag in prompt.tags.order_by("key")) if prompt.pk else ""

    @display(description=_("variables"))
    def variable_lines(self, prompt: Prompt) -> Any:
        return told(prompt.variables)

    @display(description=_("labels"))
    def label_links(self, prompt: Prompt) -> Any:
        """`production → 3`, each a link to the version."""
        labels = prompt.labels.select_related("version").order_by("name")
        return _lines((label.version, f"{label.name} → {label.version.number}") for label in labels)

    @display(description=_("latest versions"))
    def version_links(self, prompt: Prompt) -> Any:
        versions = prompt.versions.defer("content", "variables").order_by("-number")[:VERSIONS_SHOWN]
        return _lines((one, f"{one.number} · {localize(localtime(one.created_at))}") for one in versions)

    def create(self, *, owner: User, **fields: Any) -> Prompt:
        return prompt_create(owner_id=owner.pk, **fields)

    def change(self, row: Prompt, **changes: Any) -> None:
        prompt_update(prompt=row, **changes)

    def remove(self, row: Prompt) -> None:
        prompt_delete(prompt=row)


@admin.register(PromptVersion)
class PromptVersionAdmin(ReadOnlyAdmin):
    list_display = ("title", "number", "restored_from", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("prompt",)
    search_keys = ("pk", "prompt_id")
    search_help_text = _("The id of a version or prompt")
    sortable_by = ("number",)
    fields = ("prompt_link", "number", "restored_from", "text", "variable_lines", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptVersion]:
        """Lists don't read the texts."""
        versions = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("changelist")
        return versions.defer("content", "prompt__content", "prompt__response") if is_list else versions

    @display(description=_("title"))
    def title(self, version: PromptVersion) -> str:
        return version.prompt.title

    @display(description=_("prompt"))
    def prompt_link(self, version: PromptVersion) -> Any:
        return link_to(version.prompt)

    @display(description=_("content"))
    def text(self, version: PromptVersion) -> Any:
        """With its lines."""
        return linebreaksbr(version.content)

    @display(description=_("variables"))
    def variable_lines(self, version: PromptVersion) -> Any:
        return told(version.variables)


@admin.register(PromptLabel)
class PromptLabelAdmin(ReadOnlyAdmin):
    list_display = ("name", "prompt_link", "number", "updated_at")
    list_filter = ("updated_at",)
    list_select_related = ("prompt", "version")
    search_keys = ("pk", "prompt_id", "version_id")
    search_fields = ("name",)
    search_help_text = _("The id of a label, prompt or version, or a part of a label")
    fields = ("prompt_link", "name", "number", "created_at", "updated_at")

    @display(description=_("prompt"))
    def prompt_link(self, label: PromptLabel) -> Any:
        return link_to(label.prompt)

    @display(description=_("version"))
    def number(self, label: PromptLabel) -> int:
        return label.version.number
