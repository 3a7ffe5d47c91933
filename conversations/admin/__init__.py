"""Conversations in the admin."""

from conversations.admin.attachments import AttachmentAdmin
from conversations.admin.conversations import (
    ConversationAdmin,
    ConversationSettingsAdmin,
    MessageAdmin,
    ReplyAdmin,
)
from conversations.admin.imports import ConversationImportAdmin, ConversationImportItemAdmin
from conversations.admin.shares import ConversationShareAdmin

__all__ = [
    "AttachmentAdmin",
    "ConversationAdmin",
    "ConversationImportAdmin",
    "ConversationImportItemAdmin",
    "ConversationSettingsAdmin",
    "ConversationShareAdmin",
    "MessageAdmin",
    "ReplyAdmin",
]
