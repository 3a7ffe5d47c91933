"""Batches: a grid of projects × templates × languages, one item per cell."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.db import BaseModel, OwnedModel
from config.languages import Language
from generation.models.items import item_conditions, item_state
from templates.models.actions import ObjectType
from templates.models.sources import ContentTemplate, Project

ITEM_CONDITIONS = item_conditions()
ITEM_STATE = item_state()


class TemplateBatch(OwnedModel):
    """What was asked for (`params`) and how many items that made (`total`). How far it is, its parent job knows.

    A batch and its job are one thing to those who ask for it: they have the same id.
    """

    recorded_as = ObjectType.BATCH
    recorded_with: tuple[str, ...] = ()

    job = models.OneToOneField(
        "generation.Job", verbose_name=_("job"), on_delete=models.CASCADE, related_name="template_batch"
    )
    params = models.JSONField(_("options"), default=dict)
    total = models.PositiveIntegerField(_("items"))

    class Meta:
        verbose_name = _("document batch")
        verbose_name_plural = _("document batches")
        constraints = [models.CheckConstraint(condition=Q(id=F("job_id")), name="batch_has_its_jobs_id")]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="batch_owner_newest")]

    def __str__(self) -> str:
        size = ngettext("Batch of %(total)d document", "Batch of %(total)d documents", self.total)
        return f"{size % {'total': self.total}} · {self.created_at:%Y-%m-%d %H:%M}"


class BatchItem(BaseModel):
    """One cell of a batch. `skip_reason` says why nothing was written (see `domain.grid.DocumentState`): known before,
    without a job, or found by the job."""

    batch = models.ForeignKey(
        TemplateBatch, verbose_name=_("batch"), on_delete=models.CASCADE, related_name="items"
    )
    position = models.PositiveIntegerField(_("position"))
    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    content_template = models.ForeignKey(
        ContentTemplate,
        verbose_name=_("content template"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    language = models.CharField(_("language"), max_length=2, choices=Language)
    job = models.OneToOneField(
        "generation.Job",
        verbose_name=_("job"),
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="batch_item",
    )
    skip_reason = models.CharField(_("reason for skipping"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("batch item")
        verbose_name_plural = _("batch items")
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="batch_item_position_once"),
            models.CheckConstraint(
                condition=Q(job__isnull=False) | ~Q(skip_reason=""),
                name="batch_item_has_job_or_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.position} {Language(self.language).label}"
