"""What documents are made from: projects, and the library of content templates in categories."""

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel, OwnedModel
from config.search.fields import SearchableModel, SearchableQuerySet, SearchText
from config.validators import validate_name
from templates.domain.inputs import PROJECT_LENGTHS, TEMPLATE_LENGTHS
from templates.models.actions import ObjectType


def in_language(zh: str, en: str) -> str:
    """The one of two texts that whoever looks can read, or else the other."""
    first, second = (zh, en) if (get_language() or "").startswith("zh") else (en, zh)
    return first or second


class Category(BaseModel):
    """A shelf of the template library, kept by staff. A hidden one isn't offered and its templates aren't run."""

    code = models.SlugField(_("code"), max_length=TEMPLATE_LENGTHS["category_code"], unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=120, validators=[validate_name])
    name_en = models.CharField(_("name (English)"), max_length=120, validators=[validate_name])
    is_shown = models.BooleanField(_("shown"), default=True)
    order = models.PositiveIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class Project(SearchableModel, OwnedModel):
    """A product that documents are written about. One language may be empty; then the other is read.

    `fingerprint_zh` and `fingerprint_en` are hashes of what a document in that language would read. The services keep
    them; a document whose own copy differs is stale.
    """

    recorded_as = ObjectType.PROJECT
    recorded_with = ("code",)

    code = models.SlugField(_("code"), max_length=PROJECT_LENGTHS["code"])
    name_zh = models.CharField(
        _("name (Chinese)"), max_length=PROJECT_LENGTHS["name_zh"], blank=True, validators=[validate_name]
    )
    name_en = models.CharField(
        _("name (English)"), max_length=PROJECT_LENGTHS["name_en"], blank=True, validators=[validate_name]
    )
    description_zh = models.TextField(
        _("description (Chinese)"), max_length=PROJECT_LENGTHS["description_zh"], blank=True
    )
    description_en = models.TextField(
        _("description (English)"), max_length=PROJECT_LENGTHS["description_en"], blank=True
    )
    website = models.URLField(_("website"), max_length=PROJECT_LENGTHS["website"], blank=True)
    fingerprint_zh = models.CharField(_("fingerprint (Chinese)"), max_length=64)
    fingerprint_en = models.CharField(_("fingerprint (English)"), max_length=64)
    search_text = SearchText("name_zh", "name_en")

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.UniqueConstraint(fields=["owner", "code"], name="project_code_once_per_owner"),
            models.CheckConstraint(
                condition=~models.Q(name_zh="") | ~models.Q(name_en=""), name="project_has_a_name"
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="project_owner_newest")]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class ContentTemplateQuerySet(SearchableQuerySet["ContentTemplate"]):
    def visible_to(self, owner_id: object) -> Self:
        """The shared library and one's own."""
        return self.filter(models.Q(owner=None) | models.Q(owner_id=owner_id))

    def runnable(self) -> Self:
        """Active, in a category that is shown."""
        return self.filter(is_active=True, category__is_shown=True)


class ContentTemplate(SearchableModel, BaseModel):
    """A bilingual recipe for one kind of document. Without an owner it belongs to the shared library of the staff."""

    recorded_as = ObjectType.TEMPLATE
    recorded_with = ("code",)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="content_templates",
    )
    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.PROTECT, related_name="content_templates"
    )
    code = models.SlugField(_("code"), max_length=TEMPLATE_LENGTHS["code"])
    name_zh = models.CharField(
        _("name (Chinese)"), max_length=TEMPLATE_LENGTHS["name_zh"], validators=[validate_name]
    )
    name_en = models.CharField(
        _("name (English)"), max_length=TEMPLATE_LENGTHS["name_en"], validators=[validate_name]
    )
    description_zh = models.TextField(
        _("description (Chinese)"), max_length=TEMPLATE_LENGTHS["description_zh"], blank=True
    )
    description_en = models.TextField(
        _("description (English)"), max_length=TEMPLATE_LENGTHS["description_en"], blank=True
    )
    prompt_zh = models.TextField(_("prompt (Chinese)"), max_length=TEMPLATE_LENGTHS["prompt_zh"])
    prompt_en = models.TextField(_("prompt (English)"), max_length=TEMPLATE_LENGTHS["prompt_en"])
    order = models.PositiveIntegerField(_("order"), default=0, validators=[MaxValueValidator(100_000)])
    is_active = models.BooleanField(_("active"), default=True)
    reads_both_languages = models.BooleanField(
        _("reads both languages"),
        default=False,
        help_text=_("A prompt names a text of the other language, so a change there makes stale, too."),
    )
    fingerprint_zh = models.CharField(_("fingerprint (Chinese)"), max_length=64)
    fingerprint_en = models.CharField(_("fingerprint (English)"), max_length=64)

    search_text = SearchText("name_zh", "name_en")
    search_is_indexed = False

    objects = ContentTemplateQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("content template")
        verbose_name_plural = _("content templates")
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(owner__isnull=True), name="template_code_once_in_library"
            ),
            models.UniqueConstraint(
                fields=["owner", "code"],
                condition=models.Q(owner__isnull=False),
                name="template_code_once_per_owner",
            ),
        ]
        indexes = [models.Index(fields=["category", "order", "id"], name="template_category_order")]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)
