"""Conversations in the admin."""

from conversations.admin.attachments import AttachmentAdmin
from conversations.admin.conversations import (
    ConversationAdmin,
    ConversationSettingsAdmin,
    MessageAdmin,
    ReplyAdmin,
)

__all__ = ["AttachmentAdmin", "ConversationAdmin", "ConversationSettingsAdmin", "MessageAdmin", "ReplyAdmin"]
