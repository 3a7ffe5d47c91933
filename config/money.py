"""Amounts as people write them. Everywhere else they are integer micro-units, a millionth of the currency."""

MICROS = 1_000_000


def money(micros: int | None, currency: str = "USD") -> str:
    """`USD 1,234.50`: no cent is rounded away, no zero is shown in vain."""
    if micros is None:
        return "-"
    whole, fraction = divmod(abs(micros), MICROS)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{currency} {'-' if micros < 0 else ''}{whole:,}.{digits}"
