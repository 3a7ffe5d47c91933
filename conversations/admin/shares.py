"""Links to conversations in the admin: they are read."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import link_to
from conversations.models import ConversationShare


@admin.register(ConversationShare)
class ConversationShareAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "owner", "title", "message_count", "expires_at")
    list_display_links = ("created_at",)
    list_filter = ("created_at", "expires_at")
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id", "conversation_id")
    search_help_text = _("The id of a link, of a conversation or of an owner")
    fields = (
        ("owner", "conversation_link"),
        ("title", "message_count"),
        ("created_at", "expires_at"),
    )

    @display(description=_("conversation"))
    def conversation_link(self, row: ConversationShare) -> Any:
        return link_to(row.conversation)
