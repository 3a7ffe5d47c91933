"""Forms of the ledger: what an uncertain call did cost, in whole units of its currency."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from config.admin.base import as_uuid
from config.admin.forms import AmountField
from config.money import micros, money
from generation.domain.prices import CURRENCY
from generation.models import ProviderCall


def rows_of(object_id: Any) -> QuerySet[ProviderCall]:
    """The call with the id that stands in an address; none for what is no id."""
    key = as_uuid(str(object_id))
    return ProviderCall.objects.none() if key is None else ProviderCall.objects.filter(pk=key)


class NoteForm(forms.Form):
    """How a person knows; it stays on the rows and in the audit."""

    note = forms.CharField(
        label=_("How do you know? (the vendor's log, an invoice …)"),
        min_length=3,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
    )


class FreeForm(NoteForm, BaseDialogForm):
    """One call, and the sum that is given back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reserved: int = rows_of(self.object_id).values_list("reserved_micros", flat=True).first() or 0
        self.fields["note"].help_text = _("%(reserved)s is set aside for it.") % {
            "reserved": money(self.reserved, CURRENCY)
        }


class ChargedForm(FreeForm):
    """An amount above the reservation is warned of once, and taken when it is sent again."""

    data: Any
    amount = AmountField(_("What it cost (USD)"), help_text=_("Empty: all that was set aside."))
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ("amount", "note")

    @property
    def micros(self) -> int | None:
        """None: what was set aside."""
        return micros(self.cleaned_data.get("amount"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given, shown = self.micros, str(cleaned.get("amount"))
        if given is not None and given > self.reserved and cleaned.get("confirmed") != shown:
            self.data = {**self.data.dict(), "confirmed": shown}
            self.add_error(
                "amount",
                _("This is more than the %(reserved)s that was set aside. If it is right, send it once more.")
                % {"reserved": money(self.reserved, CURRENCY)},
            )
        return cleaned
