"""Files that accounts keep."""

from pathlib import PurePosixPath

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel, OwnedModel
from config.files.names import LONGEST
from config.files.types import PICTURES, TEXT, WEBP
from config.search.fields import SearchableModel, SearchText
from generation.models.actions import ObjectType


class StoredFile(SearchableModel, OwnedModel):
    """A file in the default storage. There is a row only after its object is there, and an object that has lost its row
    is to go: in the transaction that deletes the row, a `FileRemoval` of its key is written.

    What refers to a file does so by a foreign key with `on_delete=PROTECT`: the file then stays as long as it does.
    `missing_since` is when the nightly look found no object; nothing is deleted for that.
    """

    recorded_as = ObjectType.FILE
    recorded_with = ("name", "media_type", "size")

    key = models.CharField(_("key in the storage"), max_length=200, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST)
    media_type = models.CharField(_("type"), max_length=100, editable=False)
    size = models.BigIntegerField(_("size (bytes)"), editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    width = models.PositiveIntegerField(_("width"), null=True, editable=False)
    height = models.PositiveIntegerField(_("height"), null=True, editable=False)
    missing_since = models.DateTimeField(_("missing since"), null=True, editable=False)
    search_text = SearchText("name")

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="stored_file_key_once"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="stored_file_has_content"),
            models.CheckConstraint(
                condition=models.Q(width__isnull=True, height__isnull=True)
                | models.Q(width__gt=0, height__gt=0),
                name="stored_file_two_sides",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="stored_file_owner_newest"),
            # What an account's files take is summed up from the index alone.
            models.Index(fields=["owner", "size", "id"], name="stored_file_owner_size"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def content_tag(self) -> str:
        """Another for each content."""
        return self.sha256

    @property
    def is_image(self) -> bool:
        return self.media_type in PICTURES

    @property
    def is_text(self) -> bool:
        return self.media_type == TEXT


class Edge(models.IntegerChoices):
    """The sizes of thumbnails: no side is longer, in pixels."""

    SMALL = 256, _("small")
    LARGE = 768, _("large")


class Thumbnail(BaseModel):
    """A small copy of a picture, in WebP, as an object of its own: upright, and of an animation its first picture. What
    is smaller isn't enlarged. It comes and goes in the transactions of its file, and takes nothing of the quota.
    """

    media_type = WEBP

    file = models.ForeignKey(
        StoredFile,
        verbose_name=_("file"),
        on_delete=models.CASCADE,
        related_name="thumbnails",
        editable=False,
        db_index=False,  # as `thumbnail_edge_once` begins with it
    )
    edge = models.PositiveSmallIntegerField(_("size of thumbnail"), choices=Edge.choices, editable=False)
    key = models.CharField(_("key in the storage"), max_length=200, editable=False)
    width = models.PositiveSmallIntegerField(_("width"), editable=False)
    height = models.PositiveSmallIntegerField(_("height"), editable=False)
    size = models.PositiveIntegerField(_("size (bytes)"), editable=False)

    class Meta:
        verbose_name = _("thumbnail")
        verbose_name_plural = _("thumbnails")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="thumbnail_key_once"),
            models.UniqueConstraint(fields=["file", "edge"], name="thumbnail_edge_once"),
            models.CheckConstraint(condition=models.Q(edge__in=Edge.values), name="thumbnail_edge_known"),
            models.CheckConstraint(
                condition=models.Q(size__gt=0, width__gt=0, height__gt=0), name="thumbnail_has_content"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} ({self.edge})"

    @property
    def name(self) -> str:
        return f"{PurePosixPath(self.file.name).stem} {self.edge}.webp"

    @property
    def content_tag(self) -> str:
        """Another for each content: nothing is written under a key twice."""
        return self.key.rpartition("/")[2]
