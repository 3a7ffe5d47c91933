"""Conversations: their messages as a tree, and the acts of answering."""

from conversations.models.conversations import Conversation
from conversations.models.messages import Message, Reply
from conversations.models.settings import ConversationSettings

__all__ = ["Conversation", "ConversationSettings", "Message", "Reply"]
