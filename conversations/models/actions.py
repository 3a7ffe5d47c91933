"""What an account can do with its conversations, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    CREATE_CONVERSATION = "create_conversation", _("Created a conversation")
    UPDATE_CONVERSATION = "update_conversation", _("Changed a conversation")
    DELETE_CONVERSATION = "delete_conversation", _("Deleted a conversation")
    FORK_CONVERSATION = "fork_conversation", _("Forked a conversation")
    ADD_MESSAGE = "add_message", _("Added a message to a conversation")
    ASK_REPLY = "ask_reply", _("Asked for a reply in a conversation")
    STOP_REPLY = "stop_reply", _("Stopped a reply in a conversation")
    UPDATE_SETTINGS = "update_conversation_settings", _("Changed the settings of conversations")
    CLEAR_MESSAGES = "clear_messages", _("Cleared the messages of a conversation")


class ObjectType(TextChoices):
    CONVERSATION = "conversation", _("conversation")
    SETTINGS = "conversation_settings", _("conversation settings")
