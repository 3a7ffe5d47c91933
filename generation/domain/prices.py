"""What calls cost, in integer micro-units (a millionth of a US dollar).

Prices of vendors are rows of the catalogue (`generation.models.ModelPrice`), which staff edit. Only what costs no money
per call has its price here, so that it works without any row.
"""

from dataclasses import dataclass

CURRENCY = "USD"
TOKENS_PER_UNIT = 1_000_000
BUILT_IN = "built-in"


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
class ItemPrice:
    """Micro-units per item: an image, a mesh, a second of audio."""

    item: int
    version: str = ""

    def cost(self, items: int) -> int:
        return self.item * items


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


def built_in_price(provider: str, model: str) -> Price | None:
    """The price of what costs no money per call; None for everything else."""
    return BUILT_IN_PRICES.get((provider, model)) or BUILT_IN_PRICES.get((provider, "*"))
