"""What several apps ask of their fields."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from config.names import hidden_character


def validate_name(name: str) -> None:
    """Refuse what a name hides: it would deceive in lists, in files' names, in what a model is told."""
    hidden = hidden_character(name)
    if hidden:
        raise ValidationError(
            _("This name has an invisible character (%(character)s)."),
            code="invisible",
            params={"character": hidden},
        )
