"""Forms of the catalogue: prices are typed in whole dollars, and the services' rules are told in their places."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget

from config.admin.forms import AmountField
from config.money import micros
from generation.domain.list_prices import micros as list_micros
from generation.domain.prices import PriceTier
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


class TiersField(forms.CharField):
    """What pictures cost by quality and size, one tier a line; becomes a tuple of `PriceTier`."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "style": "min-width: 14rem"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=2_000, **kwargs)

    def clean(self, value: Any) -> tuple[PriceTier, ...]:
        lines = [line.split() for line in super().clean(value).splitlines()]
        return tuple(self._tier(line) for line in lines if line)

    @staticmethod
    def _tier(line: list[str]) -> PriceTier:
        try:
            quality, pixels, amount = line
            most_pixels = None if pixels == "*" else int(pixels)
            return PriceTier(list_micros(amount), "" if quality == "*" else quality, most_pixels)
        except ValueError:
            raise ValidationError(
                _("“%(line)s” isn't quality, pixels and USD."), params={"line": " ".join(line)}
            ) from None


class PriceForm(forms.ModelForm):
    """A new version of a price."""

    input_price = AmountField(_("input, USD per million tokens"), whole_digits=7)
    cached_price = AmountField(_("cached input, USD per million"), whole_digits=7)
    output_price = AmountField(_("output, USD per million tokens"), whole_digits=7)
    item_price = AmountField(_("USD per item"), whole_digits=7)
    item_tiers = TiersField(
        label=_("by quality and size"),
        help_text=_("One a line: quality or *, most pixels or *, USD. For example: high 1048576 0.133"),
    )

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
        told = {name: values[name] for name in ("version", "valid_from", "source")}
        return told | amounts | {"tiers": values.get("item_tiers") or ()}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors or not self.has_changed():
            return cleaned
        given = self.given()
        given["valid_from"] = given["valid_from"] or timezone.now()
        try:
            tiers = [tier.row() for tier in given["tiers"]] or None
            model_price_check(ModelPrice(model=self.instance.model, **given | {"tiers": tiers}))
        except ValidationError as problem:
            fields = {column: field for field, column in AMOUNTS.items()} | {"tiers": "item_tiers"}
            for name, messages in problem.message_dict.items():
                self.add_error(fields.get(name, name), messages)
        return cleaned


class PriceFormSet(PaginationInlineFormSet):
    """The prices of one model, which may be as new as they are."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        form.instance.model = self.instance
        return form
