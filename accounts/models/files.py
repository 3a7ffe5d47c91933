"""Files that are to go."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel


class FileRemoval(BaseModel):
    """A folder of the default storage whose owner was deleted (with a slash at its end), one inside of it, of something
    that is over, or one object whose row was deleted. Written in the transaction of that, removed when the last file is
    gone: so no file outlives its owner or its row because a process or the storage failed in between."""

    prefix = models.CharField(_("folder or file"), max_length=200, unique=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)

    class Meta:
        verbose_name = _("file removal")
        verbose_name_plural = _("file removals")

    def __str__(self) -> str:
        return self.prefix
