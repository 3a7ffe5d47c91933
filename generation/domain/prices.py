"""What calls cost, in integer micro-units (a millionth of a US dollar).

Prices of vendors are rows of the catalogue (`generation.models.ModelPrice`), which staff edit. Only what costs no money
per call has its price here, so that it works without any row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CURRENCY = "USD"
TOKENS_PER_UNIT = 1_000_000
BUILT_IN = "built-in"

#: What a mesh is priced by instead of a quality: with textures, without, and textures for one that is there.
TEXTURED, PLAIN, TEXTURES = "textured", "plain", "textures"


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-units per million tokens; the ledger keeps `version`."""

    input: int
    output: int
    cached_input: int | None = None
    version: str = ""

    @property
    def is_free(self) -> bool:
        return not (self.input or self.output or self.cached_input)

    def cost(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int:
        """Micro-units, rounded up: a call is never recorded cheaper than it was."""
        cached_rate = self.input if self.cached_input is None else self.cached_input
        fresh = max(input_tokens - cached_tokens, 0)
        total = (
            fresh * self.input + min(cached_tokens, input_tokens) * cached_rate + output_tokens * self.output
        )
        return -(-total // TOKENS_PER_UNIT)


@dataclass(frozen=True, slots=True)
class PriceTier:
    """What an item costs instead: of this quality, of at most so many pixels. Empty, or None: of any."""

    item: int
    quality: str = ""
    most_pixels: int | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "PriceTier":
        """From what `row` gives."""
        return cls(row["item_micros"], row["quality"], row["most_pixels"])

    def row(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {"quality": self.quality, "most_pixels": self.most_pixels, "item_micros": self.item}

    def holds(self, quality: str, pixels: int) -> bool:
        return self.quality in ("", quality) and (self.most_pixels is None or pixels <= self.most_pixels)


@dataclass(frozen=True, slots=True)
class ItemPrice:
    """Micro-units per item: an image, a mesh, a second of audio. Of several tiers that hold, the one that says most of
    the quality and then the smallest counts; where none holds, `item`."""

    item: int
    version: str = ""
    tiers: tuple[PriceTier, ...] = ()

    def cost(self, items: int) -> int:
        return self.item * items

    def of(self, *, quality: str, pixels: int = 0) -> int:
        """What one picture, or mesh, costs."""
        tiers = [tier for tier in self.tiers if tier.holds(quality, pixels)]
        narrow = min(
            tiers, key=lambda tier: (not tier.quality, tier.most_pixels or MOST_PIXELS), default=None
        )
        return self.item if narrow is None else narrow.item


#: More than any picture has.
MOST_PIXELS = 10**12

FREE = Price(input=0, output=0, version=BUILT_IN)
#: Nobody is charged: budgets and quotes are rehearsed with it, offline.
PLAY_MONEY = Price(input=1_000_000, output=4_000_000, cached_input=250_000, version=BUILT_IN)

#: (provider, model) → price; `*` stands for every model of a provider that costs nothing per call.
BUILT_IN_PRICES: dict[tuple[str, str], Price] = {
    ("sandbox", "sandbox"): FREE,
    ("sandbox", "sandbox-priced"): PLAY_MONEY,
    ("local", "*"): FREE,
    ("local-model", "*"): FREE,
}
FREE_ITEM = ItemPrice(item=0, version=BUILT_IN)
PLAY_MONEY_ITEM = ItemPrice(
    item=40_000, version=BUILT_IN, tiers=(PriceTier(80_000, "high"), PriceTier(20_000, "standard", 512 * 512))
)
PLAY_MONEY_MESH = ItemPrice(
    item=300_000, version=BUILT_IN, tiers=(PriceTier(300_000, TEXTURED), PriceTier(200_000, PLAIN))
)

#: (capability, provider, model) → price per item, likewise.
BUILT_IN_ITEM_PRICES: dict[tuple[str, str, str], ItemPrice] = {
    ("image", "sandbox", "sandbox"): FREE_ITEM,
    ("image", "sandbox", "sandbox-tasks"): FREE_ITEM,
    ("image", "sandbox", "sandbox-priced"): PLAY_MONEY_ITEM,
    ("image", "local", "*"): FREE_ITEM,
    ("mesh", "sandbox", "sandbox"): FREE_ITEM,
    ("mesh", "sandbox", "sandbox-tasks"): FREE_ITEM,
    ("mesh", "sandbox", "sandbox-priced"): PLAY_MONEY_MESH,
}


def built_in_price(provider: str, model: str) -> Price | None:
    """The price of what costs no money per call; None for everything else."""
    return BUILT_IN_PRICES.get((provider, model)) or BUILT_IN_PRICES.get((provider, "*"))


def built_in_item_price(capability: str, provider: str, model: str) -> ItemPrice | None:
    """The same for what is priced per item."""
    prices = BUILT_IN_ITEM_PRICES
    return prices.get((capability, provider, model)) or prices.get((capability, provider, "*"))


def is_built_in(capability: str, provider: str, model: str) -> bool:
    """Whether a model has its price here."""
    if capability == "llm":
        return built_in_price(provider, model) is not None
    return built_in_item_price(capability, provider, model) is not None
