"""Tags."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import OwnedModel
from config.search.fields import SearchableModel, SearchText
from config.validators import validate_name
from prompts.domain.limits import TAG_NAME
from prompts.domain.names import folded
from prompts.models.actions import ObjectType


def validate_no_comma(name: str) -> None:
    """Lists are asked for tags by their names, with commas between; commas of any width are compared alike."""
    if "," in folded(name):
        raise ValidationError(_("A tag's name has no comma."), code="comma")


class Tag(SearchableModel, OwnedModel):
    """A word that an account sorts its prompts by. `key` is by what it is compared, found and unique."""

    recorded_as = ObjectType.TAG
    recorded_with = ("name",)

    name = models.CharField(
        _("name"),
        max_length=TAG_NAME,
        validators=[validate_name, validate_no_comma],
    )
    # Folding makes some characters several.
    key = models.CharField(_("compared as"), max_length=TAG_NAME * 20, editable=False)
    color = models.CharField(
        _("colour"),
        max_length=7,
        blank=True,
        validators=[RegexValidator("^#[0-9a-fA-F]{6}$", _("A colour is written like #1f77b4."))],
        help_text=_("Like #1f77b4, or empty."),
    )
    search_text = SearchText("name")
    search_is_indexed = False

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="tag_name_once_per_owner")]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="tag_owner_newest")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = folded(self.name)
        super().save(*args, **kwargs)
