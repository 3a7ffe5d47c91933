"""Files that come in parts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.db import OwnedModel
from config.files.names import LONGEST
from generation.domain.uploads import UploadState, part_sizes, upload_folders
from generation.models.actions import ObjectType
from generation.models.files import StoredFile

STATE_WORDS = {
    UploadState.OPEN: pgettext_lazy("upload", "open"),
    UploadState.COMPLETED: _("completed"),
    UploadState.ABORTED: _("aborted"),
    UploadState.EXPIRED: _("expired"),
}


class Upload(OwnedModel):
    """A file that comes in parts, each an object of its own in the upload's folder: which have arrived, the storage
    says. `size` is what was announced, and counts for the quota while the upload is open. In the transaction that ends
    it, a `FileRemoval` of its folder is written.

    `claimed_at` is when somebody began to put the parts together; nobody else does meanwhile.
    """

    recorded_as = ObjectType.UPLOAD
    recorded_with = ("name", "size")

    name = models.CharField(_("name"), max_length=LONGEST)
    size = models.BigIntegerField(_("size (bytes)"))
    part_bytes = models.PositiveIntegerField(_("size of a part (bytes)"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=[(state.value, word) for state, word in STATE_WORDS.items()],
        default=UploadState.OPEN.value,
    )
    file = models.ForeignKey(
        StoredFile, verbose_name=_("file"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(_("expires"))
    claimed_at = models.DateTimeField(_("being put together since"), null=True, blank=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0, part_bytes__gt=0), name="upload_has_size"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in UploadState]), name="upload_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="upload_owner_newest"),
            # What an account has announced is summed up from the index alone.
            models.Index(
                fields=["owner", "size"], condition=Q(state=UploadState.OPEN.value), name="upload_open_size"
            ),
            models.Index(
                fields=["expires_at"], condition=Q(state=UploadState.OPEN.value), name="upload_open_expires"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> str:
        """Where its parts lie."""
        return f"{upload_folders(self.owner_id)}{self.pk}/"

    @property
    def parts(self) -> dict[int, int]:
        """The size of each part, by its number."""
        return part_sizes(self.size, self.part_bytes)

    def part_key(self, number: int) -> str:
        return f"{self.folder}{number}"
