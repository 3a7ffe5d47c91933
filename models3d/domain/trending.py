"""What is trending: attention, which counts less the more there is of it, and how new a model is.

    log10(1 + views + 4 · likes + 6 · favourites + 8 · downloads) + days since 2026-01-01 until it was published / 7

So ten times the attention outweighs a week. The value changes only with the counters: it is a column with an index, and
no clock has to come by.
"""

from datetime import UTC, datetime, timedelta
from math import log10
from typing import Final

WEIGHTS: Final = {"views": 1, "likes": 4, "favourites": 6, "downloads": 8}
BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)
TENFOLD: Final = timedelta(days=7)


def trend(published_at: datetime, counters: dict[str, int]) -> float:
    """`counters` has a number for each name of WEIGHTS. The same on every machine: to a millionth."""
    attention = 1 + sum(weight * counters[name] for name, weight in WEIGHTS.items())
    return round(log10(attention) + (published_at - BEGINNING) / TENFOLD, 6)
