"""The catalogue: which models a request may name."""

from typing import Any

import orjson
from django.db.models import Q
from django.db.models.functions import Now
from rest_framework.request import Request

from config.api.lists.filters import BoolFilter, ChoiceFilter, SearchFilter, TextFilter
from config.api.lists.query import read_list_query
from config.api.lists.reading import JsonPage, read_page
from config.api.lists.spec import ListSpec
from config.api.lists.views import list_parameters
from config.api.schema import operation
from config.api.views import ApiView
from config.errors import CursorInvalidError, PageTooDeepError, ValidationFailedError
from generation.api.serializers.catalogue import CatalogueOut, CatalogueRow
from generation.domain.prices import CURRENCY, ItemPrice, Price
from generation.models import CatalogueModel
from generation.selectors.catalogue import catalogue_list, offers_for

EXAMPLE = {
    **CatalogueRow.example(),
    "price": {
        "version": "list-2026-09-10",
        "currency": CURRENCY,
        "input_micros": 300_000,
        "cached_input_micros": 6_000,
        "output_micros": 1_200_000,
        "item_micros": None,
        "tiers": [],
    },
    "is_callable": True,
}
SPEC = ListSpec(
    CatalogueRow,
    catalogue_list,
    filters={
        "capability": ChoiceFilter(CatalogueModel.Capability),
        "provider": TextFilter(),
        "model": TextFilter("name"),
        "search": SearchFilter(),
        "is_ended": BoolFilter(Q(ends_at__lte=Now()), help="Whether the provider has ended it already."),
    },
    sorts={"provider": "provider", "model": "name", "created_at": "created_at"},
    default_sort="provider",
)


class CatalogueApi(ApiView):
    scope = "catalogue"
    spec = SPEC

    @operation(
        "List models",
        description=(
            "The models that a request may name as `model`, what they can do, until when, and what they cost now. "
            "`is_callable` is about you: your own provider keys count, and with a test token the sandbox plays every "
            "model that has a price. A server of the operator's own (`local:NAME`) has models that aren't listed here."
        ),
        response=CatalogueOut,
        many=True,
        example=EXAMPLE,
        errors=[ValidationFailedError, PageTooDeepError, CursorInvalidError],
        parameters=list_parameters(SPEC),
        operation_id="listModels",
    )
    def get(self, request: Request) -> JsonPage:
        page = read_page(SPEC, read_list_query(SPEC, request._request.GET))
        offer = offers_for(self.caller.pk, is_test=self.caller.is_test)
        rows = orjson.loads(page.data_json)
        for row in rows:
            made = offer(row["capability"], row["provider"], row["model"])
            row["price"] = price_out(made.price)
            row["is_callable"] = made.is_callable
        return JsonPage(orjson.dumps(rows), page.meta)


def price_out(price: Price | ItemPrice | None) -> dict[str, Any] | None:
    if price is None:
        return None
    tokens = price if isinstance(price, Price) else None
    items = price if isinstance(price, ItemPrice) else None
    return {
        "version": price.version,
        "currency": CURRENCY,
        "input_micros": tokens.input if tokens else None,
        "cached_input_micros": tokens.cached_input if tokens else None,
        "output_micros": tokens.output if tokens else None,
        "item_micros": items.item if items else None,
        "tiers": [tier.row() for tier in items.tiers] if items else [],
    }
