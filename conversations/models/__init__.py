"""Conversations: their messages as a tree, and the acts of answering."""

from conversations.models.attachments import Attachment
from conversations.models.conversations import Conversation
from conversations.models.messages import Message, Reply
from conversations.models.settings import ConversationSettings

__all__ = ["Attachment", "Conversation", "ConversationSettings", "Message", "Reply"]
