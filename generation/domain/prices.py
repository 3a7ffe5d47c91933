"""What calls cost, in integer micro-units (a millionth of a US dollar).

The list prices per million tokens that the vendors published in 2025 (api-docs.deepseek.com/quick_start/pricing,
openai.com/api/pricing). Vendors change them: compare with your bill, and raise `VERSION` with every change, because
the ledger keeps it. A model that isn't listed has no price, and a call without a price is refused rather than counted
as free.
"""

from dataclasses import dataclass

VERSION = "2025-list"
CURRENCY = "USD"
TOKENS_PER_UNIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-units per million tokens."""

    input: int
    output: int
    cached_input: int | None = None

    def cost(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int:
        """Micro-units, rounded up: a call is never recorded cheaper than it was."""
        cached_rate = self.input if self.cached_input is None else self.cached_input
        fresh = max(input_tokens - cached_tokens, 0)
        total = (
            fresh * self.input + min(cached_tokens, input_tokens) * cached_rate + output_tokens * self.output
        )
        return -(-total // TOKENS_PER_UNIT)


FREE = Price(input=0, output=0)

#: (provider, model) → price; `*` stands for every model of a provider that costs nothing per call.
PRICES: dict[tuple[str, str], Price] = {
    ("sandbox", "*"): FREE,
    ("local", "*"): FREE,
    ("local-model", "*"): FREE,
    ("deepseek", "deepseek-chat"): Price(input=270_000, output=1_100_000, cached_input=70_000),
    ("deepseek", "deepseek-reasoner"): Price(input=550_000, output=2_190_000, cached_input=140_000),
    ("openai", "gpt-4o"): Price(input=2_500_000, output=10_000_000, cached_input=1_250_000),
    ("openai", "gpt-4o-mini"): Price(input=150_000, output=600_000, cached_input=75_000),
    ("openai", "gpt-4.1"): Price(input=2_000_000, output=8_000_000, cached_input=500_000),
    ("openai", "gpt-4.1-mini"): Price(input=400_000, output=1_600_000, cached_input=100_000),
    ("openai", "gpt-4.1-nano"): Price(input=100_000, output=400_000, cached_input=25_000),
}


def price_for(provider: str, model: str) -> Price | None:
    """The price of a model, or None when nobody has entered one."""
    return PRICES.get((provider, model)) or PRICES.get((provider, "*"))
