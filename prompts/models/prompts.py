"""Prompts, their versions, and the labels that point at versions."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel, OwnedModel
from config.search.fields import SearchableModel, SearchText
from config.validators import validate_name
from prompts.domain.limits import CONTENT, FOLDER, LABEL, PLATFORM, RESPONSE, TITLE, URL
from prompts.models.actions import ObjectType
from prompts.models.tags import Tag

METRICS = ("clarity", "specificity", "creativity", "relevance", "effectiveness")
HIGHEST_METRIC = 100


def _metric(name: Any) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    return models.PositiveSmallIntegerField(
        name, null=True, blank=True, validators=[MaxValueValidator(HIGHEST_METRIC)]
    )


class Prompt(SearchableModel, OwnedModel):
    """A text for a model, kept to be used again.

    `content` and `variables` are those of the latest version, whose number is `version`. `touched_at` is when it was
    changed or used last. `imported_id` is the key that it had in the file it came from, and `is_auto_saved` while
    only a program has kept it: old ones go by themselves.
    """

    recorded_as = ObjectType.PROMPT
    recorded_with: tuple[str, ...] = ()

    title = models.CharField(_("title"), max_length=TITLE, validators=[validate_name])
    folder = models.CharField(_("folder"), max_length=FOLDER, blank=True)
    platform = models.CharField(_("platform"), max_length=PLATFORM, blank=True, validators=[validate_name])
    url = models.URLField(_("address"), max_length=URL, blank=True)
    content = models.TextField(_("content"), max_length=CONTENT)
    variables = models.JSONField(_("variables"), default=list, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    response = models.TextField(_("response"), max_length=RESPONSE, blank=True)
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), related_name="prompts", blank=True)
    is_favorite = models.BooleanField(_("favourite"), default=False)
    imported_id = models.UUIDField(_("imported as"), null=True, blank=True, editable=False)
    is_auto_saved = models.BooleanField(_("saved by itself"), default=False)
    usage_count = models.PositiveIntegerField(_("uses"), default=0)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    touched_at = models.DateTimeField(_("last changed or used"), default=timezone.now)
    clarity = _metric(_("clarity"))
    specificity = _metric(_("specificity"))
    creativity = _metric(_("creativity"))
    relevance = _metric(_("relevance"))
    effectiveness = _metric(_("effectiveness"))
    search_text = SearchText("title", "content")

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        constraints = [
            models.UniqueConstraint(fields=["owner", "imported_id"], name="prompt_imported_once"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__lte": HIGHEST_METRIC}),
                    name=f"prompt_{name}_within_bounds",
                )
                for name in METRICS
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="prompt_owner_newest"),
            models.Index(fields=["owner", "-updated_at", "-id"], name="prompt_owner_changed"),
            models.Index(fields=["owner", "-touched_at", "-id"], name="prompt_owner_touched"),
            models.Index(
                fields=["owner", "-is_favorite", "-usage_count", "-touched_at", "-id"],
                name="prompt_owner_handy",
            ),
            models.Index(fields=["owner", "folder", "title"], name="prompt_owner_folder"),
            models.Index(
                fields=["owner", "-created_at", "-id"],
                condition=Q(is_auto_saved=True, is_favorite=False),
                name="prompt_owner_auto_saved",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PromptVersion(BaseModel):
    """A text that a prompt has or had. Immutable; `restored_from` is the number of the version that it repeats."""

    prompt = models.ForeignKey(
        Prompt, verbose_name=_("prompt"), on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField(_("number"))
    content = models.TextField(_("content"))
    variables = models.JSONField(_("variables"), default=list, blank=True)
    restored_from = models.PositiveIntegerField(_("restored from"), null=True, blank=True)

    class Meta:
        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        constraints = [
            models.UniqueConstraint(fields=["prompt", "number"], name="prompt_version_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.prompt} v{self.number}"


class PromptLabel(BaseModel):
    """A name that points at one version of a prompt, such as the one that is in production."""

    prompt = models.ForeignKey(
        Prompt, verbose_name=_("prompt"), on_delete=models.CASCADE, related_name="labels"
    )
    name = models.CharField(_("name"), max_length=LABEL)
    version = models.ForeignKey(
        PromptVersion, verbose_name=_("version"), on_delete=models.CASCADE, related_name="labels"
    )

    class Meta:
        verbose_name = _("prompt label")
        verbose_name_plural = _("prompt labels")
        constraints = [models.UniqueConstraint(fields=["prompt", "name"], name="prompt_label_once")]

    def __str__(self) -> str:
        return self.name
