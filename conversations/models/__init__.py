"""Conversations: their messages as a tree, the acts of answering, and what comes in and goes out."""

from conversations.models.attachments import Attachment
from conversations.models.conversations import Conversation
from conversations.models.messages import Message, Reply
from conversations.models.settings import ConversationSettings
from conversations.models.shares import ConversationShare
from conversations.models.transfers import ConversationImport, ConversationImportItem

__all__ = [
    "Attachment",
    "Conversation",
    "ConversationImport",
    "ConversationImportItem",
    "ConversationSettings",
    "ConversationShare",
    "Message",
    "Reply",
]
