"""Proof that a prompt got better: cases with assertions, and what came of running them."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel, OwnedModel
from config.validators import validate_name
from prompts.domain.limits import CASE_NAME
from prompts.models.optimizations import Optimization
from prompts.models.prompts import Prompt, PromptVersion


class PromptCase(BaseModel):
    """Values for a prompt's variables, and what the answer must be like then (see `domain.assertions`).

    `optimization` is the one whose rating gave rise to it. What was tried before `changed_at` says nothing of it.
    """

    prompt = models.ForeignKey(
        Prompt, verbose_name=_("prompt"), on_delete=models.CASCADE, related_name="cases"
    )
    name = models.CharField(_("name"), max_length=CASE_NAME, validators=[validate_name])
    values = models.JSONField(_("values"), default=dict, blank=True)
    assertions = models.JSONField(_("assertions"))
    changed_at = models.DateTimeField(_("values or assertions changed"), default=timezone.now)
    optimization = models.ForeignKey(
        Optimization,
        verbose_name=_("from the rating of"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("prompt case")
        verbose_name_plural = _("prompt cases")
        indexes = [models.Index(fields=["prompt", "-created_at", "-id"], name="prompt_case_newest")]

    def __str__(self) -> str:
        return self.name


class Side(models.TextChoices):
    """Which of two texts was tried."""

    ORIGINAL = "original", _("original")
    CANDIDATE = "candidate", _("candidate")


class PromptEvaluation(OwnedModel):
    """Two texts of a prompt, tried side by side with its cases, `runs` times each. It has its job's id."""

    job = models.OneToOneField(
        "generation.Job", verbose_name=_("job"), on_delete=models.CASCADE, related_name="prompt_evaluation"
    )
    prompt = models.ForeignKey(
        Prompt, verbose_name=_("prompt"), on_delete=models.CASCADE, related_name="evaluations"
    )
    original = models.ForeignKey(
        PromptVersion,
        verbose_name=_("original"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    candidate = models.ForeignKey(
        PromptVersion,
        verbose_name=_("candidate"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    optimization = models.ForeignKey(
        Optimization,
        verbose_name=_("candidate of"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    runs = models.PositiveSmallIntegerField(_("runs of each case"))
    model = models.CharField(_("model"), max_length=161, blank=True)
    total = models.PositiveIntegerField(_("trials"))

    class Meta:
        verbose_name = _("prompt evaluation")
        verbose_name_plural = _("prompt evaluations")
        constraints = [models.CheckConstraint(condition=Q(id=F("job_id")), name="evaluation_has_its_jobs_id")]
        indexes = [models.Index(fields=["prompt", "-created_at", "-id"], name="evaluation_newest")]

    def __str__(self) -> str:
        return f"{self.prompt} {self.created_at:%Y-%m-%d %H:%M}"


class PromptTrial(BaseModel):
    """One answer to one case: what was sent, what came, and the verdicts. `digest` is that of the prompt's text, by
    which a version that says the same knows how it did. `passed` is NULL until its job has succeeded."""

    evaluation = models.ForeignKey(
        PromptEvaluation, verbose_name=_("evaluation"), on_delete=models.CASCADE, related_name="trials"
    )
    case = models.ForeignKey(
        PromptCase,
        verbose_name=_("case"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="trials",
    )
    job = models.OneToOneField(
        "generation.Job", verbose_name=_("job"), on_delete=models.CASCADE, related_name="prompt_trial"
    )
    position = models.PositiveIntegerField(_("position"))
    side = models.CharField(_("side"), max_length=10, choices=Side)
    number = models.PositiveSmallIntegerField(_("run"))
    digest = models.CharField(_("digest of the text"), max_length=64)
    text = models.TextField(_("sent"))
    assertions = models.JSONField(_("assertions"))
    output = models.TextField(_("answer"), blank=True)
    verdicts: Any = models.JSONField(_("verdicts"), default=list, blank=True)
    passed = models.BooleanField(_("passed"), null=True, blank=True)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    answered_by = models.CharField(_("model"), max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(_("input tokens"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    cost_micros = models.BigIntegerField(_("cost (micro-units)"), default=0)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)

    class Meta:
        verbose_name = _("prompt trial")
        verbose_name_plural = _("prompt trials")
        constraints = [
            models.CheckConstraint(condition=Q(side__in=Side.values), name="prompt_trial_side_known"),
            models.UniqueConstraint(fields=["evaluation", "position"], name="prompt_trial_placed_once"),
        ]
        indexes = [models.Index(fields=["case", "digest"], name="prompt_trial_of_text")]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.number}"
