"""Links by which others read a conversation."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import OwnedModel
from conversations.domain import limits
from conversations.models.actions import ObjectType
from conversations.models.conversations import Conversation


class ConversationShare(OwnedModel):
    """A branch of a conversation as it was when the link was made. `content` is all that readers get: title and
    messages. The link's token is kept nowhere: `token_hash` is its SHA-256 (hex). Deleting the row revokes the link."""

    recorded_as = ObjectType.CONVERSATION_SHARE
    recorded_with = ("title",)

    conversation = models.ForeignKey(
        Conversation, verbose_name=_("conversation"), on_delete=models.CASCADE, related_name="shares"
    )
    title = models.CharField(_("title"), max_length=limits.TITLE, blank=True)
    content = models.JSONField(_("content"), editable=False)
    message_count = models.PositiveIntegerField(_("messages"), editable=False)
    token_hash = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("shared conversation")
        verbose_name_plural = _("shared conversations")
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="conv_share_owner_newest")]

    def __str__(self) -> str:
        return self.title or str(self.pk)
