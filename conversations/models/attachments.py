"""Files that messages refer to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel
from conversations.models.messages import Message
from generation.models import StoredFile


class Attachment(BaseModel):
    """A file that a message shows to the model: a text, or an image. It stays as long as the message has it.

    `tokens` is what it takes at most, so that nobody reads the file to know what fits.
    """

    message = models.ForeignKey(
        Message, verbose_name=_("message"), on_delete=models.CASCADE, related_name="attachments"
    )
    file = models.ForeignKey(
        StoredFile, verbose_name=_("file"), on_delete=models.PROTECT, related_name="attachments"
    )
    position = models.PositiveSmallIntegerField(_("position"))
    tokens = models.PositiveIntegerField(_("tokens at most"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="attachment_position_once"),
            models.UniqueConstraint(fields=["message", "file"], name="attachment_file_once"),
        ]

    def __str__(self) -> str:
        return str(self.file)
