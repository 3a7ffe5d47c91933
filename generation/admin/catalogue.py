"""The catalogue in the admin: models, and versions of their prices, which are added and never changed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from config.admin.actions import run_each
from config.admin.base import Inline, ReadOnlyAdmin, ServiceAdmin
from config.admin.cells import badge, unbroken
from config.admin.filters import ConditionFilter
from config.money import money
from generation.admin.catalogue_forms import ModelForm, PriceForm, PriceFormSet
from generation.domain.catalogue import LLM
from generation.domain.list_prices import is_second_hand
from generation.domain.prices import BUILT_IN_ITEM_PRICES, BUILT_IN_PRICES, PriceTier, is_built_in
from generation.models import CatalogueModel, ModelPrice
from generation.services.catalogue import (
    model_create,
    model_delete,
    model_price_add,
    model_price_delete,
    model_switch,
    model_update,
)

#: Ends so soon that somebody should look for another model.
SOON = timedelta(days=60)
AMOUNT_COLUMNS = ("input_price", "cached_price", "output_price", "item_price", "item_tiers")


def price_text(price: ModelPrice) -> str:
    """A price in whole units, as a list shows it."""
    if price.item_micros is not None:
        amounts = [price.item_micros, *(tier["item_micros"] for tier in price.tiers or ())]
        least, most = money(min(amounts), price.currency), money(max(amounts), price.currency)
        if least != most:
            return str(_("%(least)s to %(most)s each") % {"least": least, "most": most})
        return str(_("%(price)s each") % {"price": most})
    tokens = {
        "input": money(price.input_micros, price.currency),
        "output": money(price.output_micros, price.currency),
    }
    return str(_("%(input)s in · %(output)s out / M tokens") % tokens)


def tiers_text(price: ModelPrice) -> SafeString:
    """What pictures cost by quality and size, one tier a line."""
    lines = [
        (tier.quality or "*", tier.most_pixels or "*", money(tier.item, price.currency))
        for tier in map(PriceTier.from_row, price.tiers or ())
    ]
    return format_html_join(mark_safe("<br>"), "{} ≤ {}: {}", lines)


def in_force(prices: list[ModelPrice]) -> ModelPrice | None:
    """The version that calls are counted by now."""
    now = timezone.now()
    begun = [price for price in prices if price.valid_from <= now]
    return max(begun, key=lambda price: price.valid_from, default=None)


class EndFilter(ConditionFilter):
    title = _("end")
    parameter_name = "end"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        now = timezone.now()
        yield "ended", _("has ended"), Q(ends_at__lte=now)
        yield "soon", _("ends within 60 days"), Q(ends_at__gt=now, ends_at__lte=now + SOON)
        yield "open", _("no end known"), Q(ends_at=None)


class ListedFilter(ConditionFilter):
    title = _("listed by its provider")
    parameter_name = "listed"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        yield "no", _("No"), Q(is_listed=False)
        yield "yes", _("Yes"), Q(is_listed=True)
        yield "unknown", _("not known"), Q(is_listed=None)


class PriceFilter(ConditionFilter):
    title = _("price")
    parameter_name = "price"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        prices = ModelPrice.objects.filter(model=OuterRef("pk"), valid_from__lte=timezone.now())
        is_priced = Q(Exists(prices))
        built_in = [(LLM, *key) for key in BUILT_IN_PRICES]
        for capability, provider, name in (*built_in, *BUILT_IN_ITEM_PRICES):
            names = {} if name == "*" else {"name": name}
            is_priced |= Q(capability=capability, provider=provider, **names)
        yield "missing", _("missing: isn't called"), ~is_priced
        yield "there", _("there is one"), is_priced


class PriceInline(Inline):
    """Versions are added, and removed while no call was counted by them; the ledger names the others."""

    model = ModelPrice
    form = PriceForm
    formset = PriceFormSet
    fields = ("version", "valid_from", *AMOUNT_COLUMNS, "source")
    ordering = ("-valid_from",)
    extra = 0
    tab = False
    verbose_name_plural = _("Prices: the latest that has begun is in force; empty version and time mean now")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("input, USD per million tokens"))
    def input_price(self, price: ModelPrice) -> str:
        return money(price.input_micros, price.currency)

    @display(description=_("cached input, USD per million"))
    def cached_price(self, price: ModelPrice) -> str:
        return money(price.cached_input_micros, price.currency)

    @display(description=_("output, USD per million tokens"))
    def output_price(self, price: ModelPrice) -> str:
        return money(price.output_micros, price.currency)

    @display(description=_("USD per item"))
    def item_price(self, price: ModelPrice) -> str:
        return money(price.item_micros, price.currency)

    @display(description=_("by quality and size"))
    def item_tiers(self, price: ModelPrice) -> SafeString:
        return tiers_text(price)


@admin.register(CatalogueModel)
class CatalogueModelAdmin(ServiceAdmin):
    form = ModelForm
    given_once = ("provider", "name", "capability")  # ledgers name them
    inlines = (PriceInline,)
    goes_along = (ModelPrice,)
    readonly_fields = ("is_listed",)
    list_display = ("name", "provider", "capability", "price", "context", "state", "ends_at")
    list_filter = ("provider", "capability", "is_active", ListedFilter, EndFilter, PriceFilter)
    search_fields = ("name", "label", "provider__istartswith")
    search_help_text = _("A model's id, a part of its name, or the beginning of a provider's name")
    ordering = ("provider", "name")
    actions = ("switch_on", "switch_off")
    fieldsets = (
        (None, {"fields": (("provider", "name"), ("capability", "label"), "is_active")}),
        (
            _("What it can do"),
            {
                "fields": (
                    ("context_tokens", "max_output_tokens"),
                    ("has_json_schema", "has_tools"),
                    ("has_vision", "has_reasoning"),
                )
            },
        ),
        (_("Until when"), {"fields": ("is_listed", "ends_at", "successor", "source")}),
    )

    # -- the list ------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogueModel]:
        return super().get_queryset(request).prefetch_related("prices")

    @display(description=_("price"))
    def price(self, model: CatalogueModel) -> Any:
        price = in_force(list(model.prices.all()))
        if price is not None:
            return unbroken(price_text(price))
        if is_built_in(model.capability, model.provider, model.name):
            return _("built in")
        return badge(_("missing"), "danger")

    @display(description=_("context (tokens)"), ordering="context_tokens")
    def context(self, model: CatalogueModel) -> str:
        return "-" if model.context_tokens is None else f"{model.context_tokens:,}"

    @display(description=_("state"))
    def state(self, model: CatalogueModel) -> Any:
        now = timezone.now()
        if not model.is_active:
            return badge(_("switched off"))
        if model.is_listed is False:
            return badge(_("its provider doesn't list it"), "danger")
        if model.ends_at is None or model.ends_at > now + SOON:
            return badge(_("on"), "success")
        return badge(_("has ended"), "danger") if model.ends_at <= now else badge(_("ends soon"), "warning")

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[CatalogueModel]) -> None:
        self._switch(request, queryset, is_active=True)

    @admin.action(description=_("Switch off: isn't called any more"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[CatalogueModel]) -> None:
        self._switch(request, queryset, is_active=False)

    @staticmethod
    def _switch(request: HttpRequest, queryset: QuerySet[CatalogueModel], *, is_active: bool) -> None:
        def done(number: int) -> str:
            text = (
                ngettext("%(number)d model is on.", "%(number)d models are on.", number)
                if is_active
                else ngettext("%(number)d model is off.", "%(number)d models are off.", number)
            )
            return text % {"number": number}

        run_each(request, queryset, lambda model: model_switch(model=model, is_active=is_active), done=done)

    # -- one model -------------------------------------------------------------------------------------------------

    def create(self, **values: Any) -> CatalogueModel:
        return model_create(**values)

    def change(self, row: CatalogueModel, **changes: Any) -> None:
        model_update(model=row, **changes)

    def remove(self, row: CatalogueModel) -> None:
        model_delete(model=row)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        gone = formset.deleted_forms
        for one in gone:
            if one in formset.initial_forms:
                one.instance.refresh_from_db()  # the form has put its own empty fields into it
                model_price_delete(price=one.instance)
                formset.deleted_objects.append(one.instance)
        for one in formset.extra_forms:
            if one.has_changed() and one not in gone:
                price = model_price_add(model=formset.instance, **one.given())
                one.instance.pk = price.pk  # which the audit names
                formset.new_objects.append(price)


@admin.register(ModelPrice)
class ModelPriceAdmin(ReadOnlyAdmin):
    """All versions of all prices; they are added on the page of their model."""

    list_display = ("shown_version", "model", "valid_from", "amounts", "origin")
    list_filter = ("model__provider", "valid_from")
    list_select_related = ("model",)
    search_keys = ("pk", "model_id")
    search_fields = ("version__istartswith", "model__name__icontains", "model__provider__istartswith")
    search_help_text = _("A price's or model's id, a version, a part of a model's name, or a provider")
    ordering = ("-valid_from", "-pk")
    fields = ("model", "version", "valid_from", "amounts", "tiers_shown", "cached", "origin", "created_at")

    @display(description=_("price"))
    def amounts(self, price: ModelPrice) -> SafeString:
        return unbroken(price_text(price))

    @display(description=_("by quality and size"))
    def tiers_shown(self, price: ModelPrice) -> SafeString:
        return tiers_text(price)

    @display(description=_("source"), ordering="source")
    def origin(self, price: ModelPrice) -> SafeString | str:
        """Where the price was read; one that isn't from its vendor says so."""
        if not price.source:
            return ""
        link = format_html('<a href="{}" rel="noopener noreferrer">{}</a>', price.source, price.source)
        if is_second_hand(price.model.provider, price.source):
            return format_html("{} · {}", _("second-hand"), link)
        return link

    @display(description=_("version"), ordering="version")
    def shown_version(self, price: ModelPrice) -> SafeString:
        return unbroken(price.version)

    @display(description=_("cached input, USD per million"))
    def cached(self, price: ModelPrice) -> str:
        return money(price.cached_input_micros, price.currency)
