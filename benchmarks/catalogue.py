"""What a look-up in the catalogue costs on the engine's hot path, and what reading it anew costs.

    python -m benchmarks.catalogue [--models 2000] [--prices 5] [--seconds 2]

Runs on an SQLite file of its own. Prints a table and a JSON line; nothing is asserted.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import django
from django.core.management import call_command


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--prices", type=int, default=5, help="versions for each model")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each line of the table")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/benchmark.sqlite3"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
        django.setup()
        call_command("migrate", verbosity=0)
        fill(given.models, given.prices)
        figures = {name: seconds_of(work, given.seconds) * 1e6 for name, work in works(given.models).items()}
    for name, micros in figures.items():
        sys.stdout.write(f"{name:<44}{micros:>12,.1f} µs\n")
    sys.stdout.write(json.dumps({"models": given.models, "prices": given.prices, "micros": figures}) + "\n")
    return 0


def fill(models: int, prices: int) -> None:
    from generation.models import CatalogueModel, ModelPrice

    first = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [CatalogueModel(provider="siliconflow", name=f"千问/模型-{number}") for number in range(models)]
    CatalogueModel.objects.bulk_create(rows)
    ModelPrice.objects.bulk_create(
        ModelPrice(
            model=row, version=f"v{number}", valid_from=first + timedelta(days=number), input_micros=1, output_micros=2
        )
        for row in rows
        for number in range(prices)
    )  # fmt: skip


def works(models: int) -> dict[str, Callable[[], object]]:
    """What is measured, by its name."""
    from generation.domain.catalogue import near
    from generation.selectors.catalogue import catalogue, catalogue_forget

    last = f"千问/模型-{models - 1}"

    def read_anew() -> object:
        catalogue_forget()
        return catalogue()

    return {
        "the price of a model": lambda: catalogue().price("siliconflow", last),
        "a name that a client gives": lambda: catalogue().find(last),
        "names like an unknown one": lambda: near("千问-模型-x", catalogue().entries.values()),
        "reading all of it anew, every five seconds": read_anew,
    }


def seconds_of(work: Callable[[], object], seconds: float) -> float:
    """Seconds for one call of `work`, the mean of as many as there is time for."""
    work()
    calls, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        work()
        calls += 1
    return passed / calls


if __name__ == "__main__":
    sys.exit(main())
