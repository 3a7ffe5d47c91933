"""Forms of the catalogue: prices are typed in whole dollars, and the services' rules are told in their places."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

from config.admin_site import AmountInput
from config.money import MICROS
from generation.models import CatalogueModel, ModelPrice
from generation.services import model_check, model_price_check

#: Field of the form → column.
AMOUNTS = {
    "input_price": "input_micros",
    "cached_price": "cached_input_micros",
    "output_price": "output_micros",
    "item_price": "item_micros",
}


class ModelForm(forms.ModelForm):
    """A model of the catalogue."""

    class Meta:
        model = CatalogueModel
        fields = ()  # the admin says which

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        try:
            model_check(self.instance, changed=self.changed_data)
        except ValidationError as problem:
            self.add_error(None, problem)


def _amount(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_digits=13,
        decimal_places=6,
        required=False,
        widget=AmountInput,
    )


class PriceForm(forms.ModelForm):
    """A new version of a price."""

    input_price = _amount(_("input, USD per million tokens"))
    cached_price = _amount(_("cached input, USD per million"))
    output_price = _amount(_("output, USD per million tokens"))
    item_price = _amount(_("USD per item"))

    class Meta:
        model = ModelPrice
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("version", "valid_from"):
            if name in self.fields:
                self.fields[name].required = False
        for name in ("version", "source"):  # a table would make them as narrow as their headings
            if name in self.fields:
                self.fields[name].widget.attrs["style"] = "min-width: 10rem"

    def given(self) -> dict[str, Any]:
        """What `model_price_add` is told."""
        values = self.cleaned_data
        amounts = {column: _micros(values.get(field)) for field, column in AMOUNTS.items()}
        return {name: values[name] for name in ("version", "valid_from", "source")} | amounts

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors or not self.has_changed():
            return cleaned
        given = self.given()
        given["valid_from"] = given["valid_from"] or timezone.now()
        try:
            model_price_check(ModelPrice(model=self.instance.model, **given))
        except ValidationError as problem:
            fields = {column: field for field, column in AMOUNTS.items()}
            for name, messages in problem.message_dict.items():
                self.add_error(fields.get(name, name), messages)
        return cleaned


class PriceFormSet(PaginationInlineFormSet):
    """The prices of one model, which may be as new as they are."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        form.instance.model = self.instance
        return form


def _micros(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * MICROS)
