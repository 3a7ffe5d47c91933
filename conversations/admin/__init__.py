"""Conversations in the admin."""

from conversations.admin.conversations import ConversationAdmin, MessageAdmin, ReplyAdmin

__all__ = ["ConversationAdmin", "MessageAdmin", "ReplyAdmin"]
