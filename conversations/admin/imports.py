"""Imports of conversations in the admin: they are read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import badge, link_to
from config.admin.words import as_rows
from config.errors import spoken
from conversations.domain.imports.records import Omission
from conversations.domain.transfers import ImportState
from conversations.models import ConversationImport, ConversationImportItem

COLOURS = {
    ImportState.IMPORTED: "success",
    ImportState.PRESENT: "info",
    ImportState.REFUSED: "danger",
}
OMISSIONS: dict[str, Any] = {
    Omission.FILES: _("files"),
    Omission.TOOLS: _("calls of tools"),
    Omission.HIDDEN: _("hidden messages"),
    Omission.CHARACTERS: _("characters that can't be stored"),
}


@admin.register(ConversationImport)
class ConversationImportAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "owner", "name", "size", "job_link")
    list_display_links = ("created_at",)
    list_filter = ("created_at",)
    list_select_related = ("owner", "job")
    search_keys = ("pk", "owner_id")
    search_help_text = _("The id of an import (its job's) or of an owner")
    fields = (("owner", "job_link"), ("name", "size", "file_link"), ("created_at", "updated_at"))

    @display(description=_("job"))
    def job_link(self, row: ConversationImport) -> Any:
        return link_to(row.job)

    @display(description=_("file"))
    def file_link(self, row: ConversationImport) -> Any:
        return link_to(row.file)


@admin.register(ConversationImportItem)
class ConversationImportItemAdmin(ReadOnlyAdmin):
    list_display = ("position", "title", "state_badge", "messages", "import_link")
    list_display_links = ("position",)
    list_filter = ("state",)
    list_select_related = ("conversation_import",)
    search_keys = ("pk", "conversation_import_id", "conversation_id")
    search_help_text = _("The id of an import or of a conversation")
    fields = (
        ("import_link", "position", "state_badge"),
        ("title", "source_key"),
        ("conversation_link", "messages", "omitted_rows"),
        "reason",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConversationImportItem]:
        return super().get_queryset(request).select_related("conversation_import", "conversation")

    @display(description=_("state"))
    def state_badge(self, row: ConversationImportItem) -> Any:
        return badge(row.get_state_display(), COLOURS[ImportState(row.state)])

    @display(description=_("import"))
    def import_link(self, row: ConversationImportItem) -> Any:
        return link_to(row.conversation_import)

    @display(description=_("conversation"))
    def conversation_link(self, row: ConversationImportItem) -> Any:
        return link_to(row.conversation)

    @display(description=_("left out"))
    def omitted_rows(self, row: ConversationImportItem) -> Any:
        return as_rows(row.omitted, OMISSIONS)

    @display(description=_("why it was refused"))
    def reason(self, row: ConversationImportItem) -> str:
        return spoken(row.error, get_language() or "en")["message"] if row.error else "-"
