"""Attachments in the admin: which files messages refer to."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import link_to
from conversations.models import Attachment


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "file_link", "message_link", "position", "tokens")
    list_display_links = ("created_at",)
    list_select_related = ("file", "message")
    search_keys = ("pk", "message_id", "file_id")
    search_help_text = _("The id of an attachment, a message or a file")
    fields = ("file_link", "message_link", "position", "tokens", "created_at")

    @display(description=_("file"))
    def file_link(self, attachment: Attachment) -> Any:
        return link_to(attachment.file)

    @display(description=_("message"))
    def message_link(self, attachment: Attachment) -> Any:
        return link_to(attachment.message)
