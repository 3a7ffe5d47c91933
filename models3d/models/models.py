"""3D models, what becomes of them, and the files that they are kept in."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.db import BaseModel, OwnedModel
from config.search.fields import SearchableModel, SearchableQuerySet, SearchText
from config.validators import validate_name
from generation.models import ImageRequest, Job, StoredFile
from models3d.domain import limits
from models3d.domain.licences import Licence
from models3d.domain.words import Format, Origin, Unit, UnitSource, VersionReason, Visibility
from models3d.models.actions import ObjectType

ORIGIN_WORDS: dict[Origin, Any] = {
    Origin.AI_GENERATED: _("made with AI"),
    Origin.USER_UPLOADED: _("uploaded"),
}
VISIBILITY_WORDS: dict[Visibility, Any] = {
    Visibility.PRIVATE: pgettext_lazy("visibility", "private"),
    Visibility.PUBLIC: pgettext_lazy("visibility", "public"),
}
REASON_WORDS: dict[VersionReason, Any] = {
    VersionReason.MADE: pgettext_lazy("version", "made"),
    VersionReason.UPLOADED: pgettext_lazy("version", "uploaded"),
    VersionReason.REPAIRED: pgettext_lazy("version", "repaired"),
}
UNIT_WORDS: dict[Unit, Any] = {
    Unit.MM: _("millimetres"),
    Unit.CM: _("centimetres"),
    Unit.M: _("metres"),
    Unit.INCH: _("inches"),
}
UNIT_SOURCE_WORDS: dict[UnitSource, Any] = {
    UnitSource.ASKED: pgettext_lazy("unit", "as asked"),
    UnitSource.FORMAT: pgettext_lazy("unit", "by the format"),
    UnitSource.GUESSED: pgettext_lazy("unit", "guessed"),
    UnitSource.SCALED: pgettext_lazy("unit", "scaled to a size"),
}
LICENCE_WORDS: dict[Licence, Any] = {
    Licence.CC0: _("Public domain (CC0)"),
    Licence.CC_BY: _("Creative Commons, attribution"),
    Licence.CC_BY_SA: _("Creative Commons, attribution, share alike"),
    Licence.CC_BY_ND: _("Creative Commons, attribution, no derivatives"),
    Licence.CC_BY_NC: _("Creative Commons, attribution, non-commercial"),
    Licence.CC_BY_NC_SA: _("Creative Commons, attribution, non-commercial, share alike"),
    Licence.CC_BY_NC_ND: _("Creative Commons, attribution, non-commercial, no derivatives"),
    Licence.MIT: _("MIT licence"),
    Licence.APACHE: _("Apache licence 2.0"),
    Licence.CERN_OHL_P: _("CERN open hardware licence, permissive"),
    Licence.CERN_OHL_S: _("CERN open hardware licence, strongly reciprocal"),
    Licence.RESERVED: _("All rights reserved"),
}


def choices(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(one.value, word) for one, word in words.items()]


def known(field: str, words: Iterable[StrEnum], *more: str) -> Q:
    """The values that a column of words may have."""
    return Q(**{f"{field}__in": [*more, *(one.value for one in words)]})


FORMATS = [(one.value, one.value.upper()) for one in Format]
#: Whom the gallery shows.
SHOWN = Q(visibility=Visibility.PUBLIC.value, hidden_at__isnull=True)


class Model3DQuerySet(SearchableQuerySet["Model3D"]):
    def public(self) -> Self:
        """Those that everybody may see."""
        return self.filter(SHOWN)


class Model3D(SearchableModel, OwnedModel):
    """A thing with a shape. A model and the job that makes or reads it are one: they have the same id.

    `request`, `picture` or `source` is what it was made from, `prompt` what is to be seen; `asked_model` is the maker
    that was asked for (empty: any), `model` the one that made it. `current` is its newest version: none until the job
    has succeeded, and what is copied of it here (`source_format` to `triangles`) is for filters. `size_mm`: what its
    longest side was asked to be. `hidden_at`: staff took it out of the gallery. `remix_note`: of what it is a remix,
    also when that has gone: `{"name", "is_deleted"}`. The counters are those of the rows in `interactions`.
    `from_test_token`: nobody publishes it. A job is a test also where the sandbox is all there is to ask.
    """

    recorded_as = ObjectType.MODEL
    recorded_with = ("name",)

    job = models.OneToOneField(Job, verbose_name=_("job"), on_delete=models.CASCADE, related_name="model3d")
    origin = models.CharField(_("origin"), max_length=20, choices=choices(ORIGIN_WORDS))
    name = models.CharField(_("name"), max_length=limits.NAME, validators=[validate_name])
    description = models.TextField(_("description"), max_length=limits.DESCRIPTION, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    prompt = models.TextField(_("prompt"), blank=True)
    style = models.CharField(_("style"), max_length=20, blank=True)
    shape = models.CharField(_("shape"), max_length=20, blank=True)
    is_textured = models.BooleanField(_("with colours"), default=True)
    seed = models.BigIntegerField(_("seed"), null=True, blank=True)
    asked_model = models.CharField(_("model that was asked for"), max_length=161, blank=True)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    model = models.CharField(_("model"), max_length=120, blank=True)
    is_procedural = models.BooleanField(_("procedural"), default=False)
    from_test_token = models.BooleanField(_("asked for by a test token"), default=False)
    request = models.ForeignKey(
        ImageRequest,
        verbose_name=_("image request"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    picture = models.ForeignKey(
        StoredFile,
        verbose_name=_("picture"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    source = models.ForeignKey(
        StoredFile,
        verbose_name=_("uploaded file"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    unit = models.CharField(_("unit"), max_length=10, choices=choices(UNIT_WORDS), blank=True)
    size_mm = models.FloatField(_("longest side asked (mm)"), null=True, blank=True)
    current = models.ForeignKey(
        "models3d.ModelVersion",
        verbose_name=_("current version"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    repair_job = models.ForeignKey(
        Job,
        verbose_name=_("job of the repair"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    source_format = models.CharField(_("format"), max_length=4, choices=FORMATS, blank=True)
    is_printable = models.BooleanField(_("printable"), null=True, blank=True)
    longest_mm = models.FloatField(_("longest side (mm)"), null=True, blank=True)
    triangles = models.PositiveIntegerField(_("triangles"), null=True, blank=True)
    visibility = models.CharField(
        _("visibility"),
        max_length=10,
        choices=choices(VISIBILITY_WORDS),
        default=Visibility.PRIVATE.value,
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    hidden_at = models.DateTimeField(_("hidden"), null=True, blank=True)
    hidden_reason = models.TextField(_("why it is hidden"), blank=True)
    licence = models.CharField(_("licence"), max_length=40, choices=choices(LICENCE_WORDS), blank=True)
    shows_recipe = models.BooleanField(_("shows how it was made"), default=False)
    remix_of = models.ForeignKey(
        "self",
        verbose_name=_("remix of"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="remixes",
    )
    remix_note = models.JSONField(_("what it is a remix of"), null=True, blank=True)
    views = models.PositiveIntegerField(_("views"), default=0)
    likes = models.PositiveIntegerField(_("likes"), default=0)
    favourites = models.PositiveIntegerField(_("favourites"), default=0)
    downloads = models.PositiveIntegerField(_("downloads"), default=0)
    trend = models.FloatField(_("trend"), default=0.0)
    search_text = SearchText("name", "description")

    objects = Model3DQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("3D model")
        verbose_name_plural = _("3D models")
        constraints = [
            models.CheckConstraint(condition=Q(id=F("job_id")), name="model3d_has_its_jobs_id"),
            models.CheckConstraint(condition=known("origin", Origin), name="model3d_origin_known"),
            models.CheckConstraint(
                condition=known("visibility", Visibility), name="model3d_visibility_known"
            ),
            models.CheckConstraint(condition=known("licence", Licence, ""), name="model3d_licence_known"),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.PRIVATE.value)
                | Q(published_at__isnull=False) & ~Q(licence=""),
                name="model3d_public_with_licence",
            ),
            models.CheckConstraint(
                condition=Q(size_mm=None) | Q(size_mm__gte=limits.LEAST_MM, size_mm__lte=limits.MOST_MM),
                name="model3d_size_within_bounds",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="model3d_owner_newest"),
            models.Index(fields=["-published_at", "-id"], condition=SHOWN, name="model3d_public_newest"),
            models.Index(fields=["-likes", "-id"], condition=SHOWN, name="model3d_public_likes"),
            models.Index(fields=["-downloads", "-id"], condition=SHOWN, name="model3d_public_downloads"),
            models.Index(fields=["-views", "-id"], condition=SHOWN, name="model3d_public_views"),
            models.Index(fields=["-trend", "-id"], condition=SHOWN, name="model3d_public_trend"),
            models.Index(fields=["licence"], condition=SHOWN, name="model3d_public_licence"),
            models.Index(fields=["source_format"], condition=SHOWN, name="model3d_public_format"),
            models.Index(fields=["longest_mm"], condition=SHOWN, name="model3d_public_size"),
            models.Index(
                fields=["owner", "-published_at", "-id"], condition=SHOWN, name="model3d_public_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_public(self) -> bool:
        return self.visibility == Visibility.PUBLIC and self.hidden_at is None


class ModelVersion(BaseModel):
    """A mesh that a model has had, with what was found about it. `scale`: millimetres of one of its file's units.

    `changes`: what a repair did, by name and number. `viewer`: a GLB to look at, where the file is none.
    """

    model = models.ForeignKey(
        Model3D, verbose_name=_("3D model"), on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveSmallIntegerField(_("number"))
    reason = models.CharField(_("came by"), max_length=10, choices=choices(REASON_WORDS))
    file = models.ForeignKey(StoredFile, verbose_name=_("file"), on_delete=models.PROTECT, related_name="+")
    format = models.CharField(_("format"), max_length=4, choices=FORMATS)
    unit = models.CharField(_("unit"), max_length=10, choices=choices(UNIT_WORDS))
    unit_source = models.CharField(_("who says so"), max_length=10, choices=choices(UNIT_SOURCE_WORDS))
    scale = models.FloatField(_("millimetres of a unit"))
    report = models.JSONField(_("report"))
    changes = models.JSONField(_("what was repaired"), default=dict, blank=True)
    preview = models.ForeignKey(
        StoredFile, verbose_name=_("preview"), on_delete=models.PROTECT, related_name="+"
    )
    turntable = models.ForeignKey(
        StoredFile, verbose_name=_("turntable"), on_delete=models.PROTECT, related_name="+"
    )
    viewer = models.ForeignKey(
        StoredFile,
        verbose_name=_("GLB for viewing"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("version of a 3D model")
        verbose_name_plural = _("versions of 3D models")
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="model_version_numbered_once"),
            models.CheckConstraint(
                condition=known("reason", VersionReason), name="model_version_reason_known"
            ),
            models.CheckConstraint(condition=known("unit", Unit), name="model_version_unit_known"),
            models.CheckConstraint(
                condition=known("unit_source", UnitSource), name="model_version_unit_said"
            ),
            models.CheckConstraint(condition=Q(scale__gt=0), name="model_version_scale_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.get_reason_display()}"


class ModelFile(BaseModel):
    """A version in another format, or scaled so that its longest side is `size_um` micrometres (0: as it is); once.
    `file` is there when `job` has succeeded."""

    version = models.ForeignKey(
        ModelVersion, verbose_name=_("version"), on_delete=models.CASCADE, related_name="files"
    )
    format = models.CharField(_("format"), max_length=4, choices=FORMATS)
    size_um = models.PositiveIntegerField(_("longest side (µm)"), default=0)
    file = models.ForeignKey(
        StoredFile,
        verbose_name=_("file"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    job = models.ForeignKey(
        Job,
        verbose_name=_("job"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("converted file of a 3D model")
        verbose_name_plural = _("converted files of 3D models")
        constraints = [
            models.UniqueConstraint(fields=["version", "format", "size_um"], name="model_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.size_um / 1000:g} mm" if self.size_um else self.format
