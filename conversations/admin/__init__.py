"""Conversations in the admin."""

from conversations.admin.conversations import (
    ConversationAdmin,
    ConversationSettingsAdmin,
    MessageAdmin,
    ReplyAdmin,
)

__all__ = ["ConversationAdmin", "ConversationSettingsAdmin", "MessageAdmin", "ReplyAdmin"]
