"""Amounts as people write them. Everywhere else they are integer micro-units, a millionth of the currency."""

from decimal import Decimal

MICROS = 1_000_000


def money(micros: int | None, currency: str = "USD") -> str:
    """`USD 1,234.50`: no cent is rounded away, no zero is shown in vain."""
    if micros is None:
        return "-"
    whole, fraction = divmod(abs(micros), MICROS)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{currency} {'-' if micros < 0 else ''}{whole:,}.{digits}"


def micros(amount: Decimal | None) -> int | None:
    """An amount in whole units, as people type it, in micro-units."""
    return None if amount is None else int(amount * MICROS)
