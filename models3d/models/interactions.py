"""What people do with public models. The counters of `Model3D` are the numbers of these rows."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.db import BaseModel
from models3d.domain import limits
from models3d.domain.words import ReportReason, ReportState
from models3d.models.models import Model3D, choices, known

REPORT_REASON_WORDS: dict[ReportReason, Any] = {
    ReportReason.COPYRIGHT: _("violates somebody's rights"),
    ReportReason.OFFENSIVE: _("offensive"),
    ReportReason.DANGEROUS: _("dangerous"),
    ReportReason.SPAM: _("advertising"),
    ReportReason.OTHER: pgettext_lazy("reason", "something else"),
}
REPORT_STATE_WORDS: dict[ReportState, Any] = {
    ReportState.OPEN: pgettext_lazy("report", "open"),
    ReportState.UPHELD: pgettext_lazy("report", "upheld"),
    ReportState.DISMISSED: pgettext_lazy("report", "dismissed"),
}


class ModelMark(BaseModel):
    """Abstract: what an account says of a model, once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


class ModelLike(ModelMark):
    """An account likes a model."""

    model = models.ForeignKey(
        Model3D, verbose_name=_("3D model"), on_delete=models.CASCADE, related_name="like_rows"
    )

    class Meta:
        verbose_name = _("like")
        verbose_name_plural = _("likes")
        constraints = [models.UniqueConstraint(fields=["model", "user"], name="model_liked_once")]
        indexes = [models.Index(fields=["user", "-id"], name="model_like_user_newest")]


class ModelFavourite(ModelMark):
    """An account keeps a model among its favourites."""

    model = models.ForeignKey(
        Model3D, verbose_name=_("3D model"), on_delete=models.CASCADE, related_name="favourite_rows"
    )

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        constraints = [models.UniqueConstraint(fields=["model", "user"], name="model_favoured_once")]
        indexes = [models.Index(fields=["user", "-id"], name="model_favourite_user_newest")]


class ModelVisit(BaseModel):
    """Abstract: somebody was there on a day. `visitor` is a keyed hash of an account or an address, by which nobody is
    found again."""

    visitor = models.CharField(_("visitor"), max_length=64, editable=False)
    day = models.DateField(_("day"), editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.day} {self.visitor[:8]}"


class ModelView(ModelVisit):
    """Somebody looked at a model."""

    model = models.ForeignKey(
        Model3D, verbose_name=_("3D model"), on_delete=models.CASCADE, related_name="view_rows"
    )

    class Meta:
        verbose_name = _("view")
        verbose_name_plural = _("views")
        constraints = [
            models.UniqueConstraint(fields=["model", "day", "visitor"], name="model_viewed_once_a_day")
        ]


class ModelDownload(ModelVisit):
    """Somebody downloaded a model."""

    model = models.ForeignKey(
        Model3D, verbose_name=_("3D model"), on_delete=models.CASCADE, related_name="download_rows"
    )

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        constraints = [
            models.UniqueConstraint(fields=["model", "day", "visitor"], name="model_downloaded_once_a_day")
        ]


class ModelReport(BaseModel):
    """Somebody says that a model shouldn't be shown; staff decide. `reporter` is empty for who had no login."""

    model = models.ForeignKey(
        Model3D, verbose_name=_("3D model"), on_delete=models.CASCADE, related_name="reports"
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("reported by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=20, choices=choices(REPORT_REASON_WORDS))
    text = models.TextField(_("text"), max_length=limits.REPORT_TEXT, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=choices(REPORT_STATE_WORDS), default=ReportState.OPEN.value
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("report of a 3D model")
        verbose_name_plural = _("reports of 3D models")
        constraints = [
            models.CheckConstraint(condition=known("reason", ReportReason), name="model_report_reason_known"),
            models.CheckConstraint(condition=known("state", ReportState), name="model_report_state_known"),
        ]
        indexes = [models.Index(fields=["state", "id"], name="model_report_queue")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} · {self.model}"
