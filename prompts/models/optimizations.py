"""The history of the optimizer: what was asked, and what came of it, as trees."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from config.db import OwnedModel
from prompts.domain.modes import Mode
from prompts.domain.optimizing import HIGHEST_RATING, LOWEST_RATING, MAX_REASON_CHARACTERS
from prompts.models.actions import ObjectType
from prompts.models.prompts import PromptVersion

MODE_WORDS: dict[Mode, Any] = {
    Mode.GENERAL: _("general"),
    Mode.PROGRAMMING: _("programming"),
    Mode.WRITING: _("writing"),
    Mode.DATA_ANALYSIS: _("data analysis"),
    Mode.CREATIVE: _("creative"),
}


class Optimization(OwnedModel):
    """One node: a prompt as it was, and as it became. An optimization and its job are one thing: they have the same id.

    `parent` is the node whose result was optimized again; `tree_id` is the id of the first node of all. `source` is the
    version of the library's that the prompt was taken from, `saved` the one that the result became. There is no
    `optimized_prompt` until the job has succeeded.
    """

    recorded_as = ObjectType.OPTIMIZATION
    recorded_with: tuple[str, ...] = ()

    job = models.OneToOneField(
        "generation.Job", verbose_name=_("job"), on_delete=models.CASCADE, related_name="optimization"
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("iterated from"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="children",
    )
    tree_id = models.UUIDField(_("tree"), db_index=True)
    source = models.ForeignKey(
        PromptVersion,
        verbose_name=_("taken from"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    mode = models.CharField(
        _("mode"), max_length=20, choices=[(mode.value, word) for mode, word in MODE_WORDS.items()]
    )
    prompt = models.TextField(_("prompt"))
    wish = models.TextField(_("wish"), blank=True)
    response = models.TextField(_("response to learn from"), blank=True)
    optimized_prompt = models.TextField(_("optimized prompt"), blank=True)
    improvements = models.JSONField(_("improvements"), default=list, blank=True)
    expected_benefits = models.JSONField(_("expected benefits"), default=list, blank=True)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    model = models.CharField(_("model"), max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(_("input tokens"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    cost_micros = models.BigIntegerField(_("cost (micro-units)"), default=0)
    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    rating_reason = models.TextField(_("reason of the rating"), max_length=MAX_REASON_CHARACTERS, blank=True)
    saved = models.ForeignKey(
        PromptVersion,
        verbose_name=_("saved as"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("optimization")
        verbose_name_plural = _("optimizations")
        constraints = [
            models.CheckConstraint(condition=Q(id=F("job_id")), name="optimization_has_its_jobs_id"),
            models.CheckConstraint(
                condition=Q(mode__in=[mode.value for mode in Mode]), name="optimization_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=LOWEST_RATING, rating__lte=HIGHEST_RATING),
                name="optimization_rating_within_bounds",
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="optimization_owner_newest")]

    def __str__(self) -> str:
        return self.prompt.strip().partition("\n")[0][:60]

    @property
    def is_ready(self) -> bool:
        return bool(self.optimized_prompt)
