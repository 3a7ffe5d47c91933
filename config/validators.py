"""What several apps ask of their fields."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from config.names import hidden_character

#: Of texts that stay as they are written, blanks at their ends included.
says_something = RegexValidator(r"\S", _("Must say something, not only blanks."), "blank")


def validate_name(name: str) -> None:
    """Refuse what a name hides: it would deceive in lists, in files' names, in what a model is told."""
    hidden = hidden_character(name)
    if hidden:
        raise ValidationError(
            _("This name has an invisible character (%(character)s)."),
            code="invisible",
            params={"character": hidden},
        )
