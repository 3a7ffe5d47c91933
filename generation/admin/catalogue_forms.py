"""Forms of the catalogue: prices are typed in whole dollars, and the services' rules are told in their places."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

from config.admin.forms import AmountField
from config.money import micros
from generation.models import CatalogueModel, ModelPrice
from generation.services.catalogue import model_check, model_price_check

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


class PriceForm(forms.ModelForm):
    """A new version of a price."""

    input_price = AmountField(_("input, USD per million tokens"), whole_digits=7)
    cached_price = AmountField(_("cached input, USD per million"), whole_digits=7)
    output_price = AmountField(_("output, USD per million tokens"), whole_digits=7)
    item_price = AmountField(_("USD per item"), whole_digits=7)

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
        amounts = {column: micros(values.get(field)) for field, column in AMOUNTS.items()}
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
