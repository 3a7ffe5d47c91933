"""What an account can do with its conversations, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import Detail


class Action(TextChoices):
    CREATE_CONVERSATION = "create_conversation", _("Created a conversation")
    UPDATE_CONVERSATION = "update_conversation", _("Changed a conversation")
    DELETE_CONVERSATION = "delete_conversation", _("Deleted a conversation")
    FORK_CONVERSATION = "fork_conversation", _("Forked a conversation")
    ADD_MESSAGE = "add_message", _("Added a message to a conversation")
    ASK_REPLY = "ask_reply", _("Asked for a reply in a conversation")
    STOP_REPLY = "stop_reply", _("Stopped a reply in a conversation")
    UPDATE_SETTINGS = "update_conversation_settings", _("Changed the settings of conversations")
    IMPORT_CONVERSATIONS = "import_conversations", _("Imported conversations")
    EXPORT_CONVERSATIONS = "export_conversations", _("Exported conversations")
    SHARE_CONVERSATION = "share_conversation", _("Shared a conversation")
    UNSHARE_CONVERSATION = "unshare_conversation", _("Revoked a shared conversation")
    CLEAR_MESSAGES = "clear_messages", _("Cleared the messages of a conversation")


class ObjectType(TextChoices):
    CONVERSATION = "conversation", _("conversation")
    SETTINGS = "conversation_settings", _("conversation settings")
    CONVERSATION_IMPORT = "conversation_import", _("import of conversations")
    CONVERSATION_SHARE = "conversation_share", _("shared conversation")


DETAILS = {
    "conversation_id": Detail(_("conversation"), links_to="conversations.conversation"),
    "message_id": Detail(_("message"), links_to="conversations.message"),
    "messages": Detail(_("messages")),
    "models": Detail(_("models")),
}
