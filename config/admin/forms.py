"""Fields and forms of the admin."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


class OwnedForm(forms.ModelForm):
    """Checks what is unique per owner although the owner can't be changed and isn't among the form's fields."""

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"owner"}


class TextAreaField(forms.CharField):
    """Browsers end each line with CR LF, whatever they were given; taken as it comes, every text of several lines
    would be changed by whoever saves a form."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """What is stripped of a text isn't a change either."""
        return super().has_changed(self.to_python(initial), data)


class AmountInput(UnfoldAdminTextInputWidget):
    """A field of text for an amount. Browsers send nothing in place of what a field of numbers can't read, and nothing
    means something else than a mistyped amount: no limit, or all that was set aside."""

    def __init__(self) -> None:
        super().__init__(attrs={"inputmode": "decimal", "autocomplete": "off"})


class AmountField(forms.DecimalField):
    """An amount in whole units of its currency, or nothing."""

    def __init__(self, label: Any, *, whole_digits: int = 9, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            min_value=0,
            max_digits=whole_digits + 6,
            decimal_places=6,
            required=False,
            widget=AmountInput,
            **kwargs,
        )
