"""Documents and their versions."""

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel, OwnedModel
from config.languages import Language
from config.search.fields import SearchableModel, SearchableQuerySet, SearchText
from generation.domain.origins import SMALL_MODELS
from templates.models.actions import ObjectType
from templates.models.sources import ContentTemplate, Project


class DocumentQuerySet(SearchableQuerySet["Document"]):
    def stale(self) -> Self:
        """An input, or the text that it is a translation of, changed since the latest version was made."""
        return self.filter(STALE_CONDITION)


class Document(SearchableModel, OwnedModel):
    """A project told by a content template in a language: one row for each such cell, with versions below it.

    `source_language` is the language whose inputs it was made from: its own, or the other one's when it is a
    translation. The two fingerprints are those inputs' at that time (the project's is the pair of both languages' where
    the content template reads both). `translated_from` is the version that a translation was made from.
    """

    recorded_as = ObjectType.DOCUMENT
    recorded_with = ("language",)

    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="documents"
    )
    content_template = models.ForeignKey(
        ContentTemplate,
        verbose_name=_("content template"),
        on_delete=models.RESTRICT,
        related_name="documents",
    )
    language = models.CharField(_("language"), max_length=2, choices=Language)
    source_language = models.CharField(_("source language"), max_length=2, choices=Language)
    title = models.CharField(_("title"), max_length=300)
    version = models.PositiveIntegerField(_("version"), default=1)
    latest = models.ForeignKey(
        "DocumentVersion",
        verbose_name=_("latest version"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    characters = models.PositiveIntegerField(_("characters"), default=0)
    project_fingerprint = models.CharField(_("project's fingerprint"), max_length=128)
    template_fingerprint = models.CharField(_("template's fingerprint"), max_length=64)
    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=120, blank=True)
    translated_from = models.ForeignKey(
        "DocumentVersion",
        verbose_name=_("translated from"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    search_text = SearchText("title")

    objects = DocumentQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "content_template", "language"], name="document_once_per_cell"
            ),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="document_language_known"),
        ]
        indexes = [
            models.Index(fields=["owner", "-updated_at", "-id"], name="document_owner_changed"),
            models.Index(fields=["owner", "-created_at", "-id"], name="document_owner_newest"),
        ]

    def __str__(self) -> str:
        return self.title


PERSON = "person"
"""The provider of a text that somebody wrote or changed."""
WRITTEN_OVER = frozenset({*SMALL_MODELS, "sandbox"})
"""The providers whose texts the small local model writes over unasked."""
LONGEST_TEXT = 200_000
"""Characters of such a text."""
validate_text = RegexValidator(r"\S", _("There is nothing in this text."))

# Not if the source has become a translation of this very document: they would make each other stale for ever.
_SOURCE_CHANGED = (
    Q(translated_from__isnull=False)
    & ~Q(translated_from=F("translated_from__document__latest"))
    & ~Q(translated_from__document__translated_from__document=F("pk"))
)
_PROJECT_CHANGED = ~Q(
    project_fingerprint=Case(
        When(
            content_template__reads_both_languages=True,
            then=Concat("project__fingerprint_zh", "project__fingerprint_en"),
        ),
        When(source_language="zh", then=F("project__fingerprint_zh")),
        default=F("project__fingerprint_en"),
        output_field=models.CharField(),
    )
)
_TEMPLATE_CHANGED = ~Q(
    template_fingerprint=Case(
        When(source_language="zh", then=F("content_template__fingerprint_zh")),
        default=F("content_template__fingerprint_en"),
    )
)
STALE_CONDITION = _PROJECT_CHANGED | _TEMPLATE_CHANGED | _SOURCE_CHANGED
STALE = models.ExpressionWrapper(STALE_CONDITION, output_field=models.BooleanField())


class DocumentVersion(BaseModel):
    """One finished text. Immutable; `job` makes a stored result idempotent (one version per job)."""

    document = models.ForeignKey(
        Document, verbose_name=_("document"), on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=300)
    content = models.TextField(_("content"))
    project_fingerprint = models.CharField(_("project's fingerprint"), max_length=128)
    template_fingerprint = models.CharField(_("template's fingerprint"), max_length=64)
    source_language = models.CharField(_("source language"), max_length=2, choices=Language)
    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(_("input tokens"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    cost_micros = models.BigIntegerField(_("cost (micro-units)"), default=0)
    job = models.OneToOneField(
        "generation.Job",
        verbose_name=_("job"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="document_version",
    )

    class Meta:
        verbose_name = _("document version")
        verbose_name_plural = _("document versions")
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="document_version_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.number}"
