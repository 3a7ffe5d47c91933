"""Brings the models and list prices that come with the product."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import IntegrityError

from config.money import money
from generation.domain.list_prices import ListedModel, ListPriceError
from generation.services.seeding import Outcome, SeededModel, catalogue_seed

EXPLAINED = """\
Models and prices are data that staff edit in the admin (Models); this command brings the first ones
and those that a new release knows of. It may run after every migrate:

  manage.py seed_catalogue              add models and list prices that are missing
  manage.py seed_catalogue --dry-run    only tell what would be done
  manage.py seed_catalogue --update     also refresh context sizes, end dates and the like of models
                                        that nobody has edited

What staff have changed stays, and a model for which they have entered a price of their own gets no list
price any more. A model without a price is refused, not free: the last column says which ones lack it.
"""

WORDS = {
    Outcome.ADDED: "added",
    Outcome.UNCHANGED: "-",
    Outcome.REFRESHED: "refreshed",
    Outcome.OUTDATED: "newer facts, see --update",
    Outcome.EDITED: "edited, stays",
}


class Formatter(RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Leaves the lines of the explanation as they are."""


class Command(BaseCommand):
    help = "Add the models and list prices that come with Atelier to the catalogue."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, epilog=EXPLAINED, **kwargs)
        parser.formatter_class = Formatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, only tell")
        parser.add_argument(
            "--update", action="store_true", help="refresh the facts of models that nobody has edited"
        )

    def handle(self, *args: Any, dry_run: bool, update: bool, verbosity: int, **options: Any) -> None:
        if verbosity:
            self.stdout.write(line("MODEL", "FACTS", "LIST PRICE, IN USD"))
        watch = (lambda one: self.stdout.write(row(one))) if verbosity else (lambda one: None)
        try:
            seeded = catalogue_seed(update=update, dry_run=dry_run, watch=watch)
        except ListPriceError as error:
            raise CommandError(f"The files of models can't be read: {error}") from error
        except IntegrityError as error:
            raise CommandError(
                "Somebody changed the catalogue at the same moment; nothing was done. Run it again."
            ) from error
        self.stdout.write(summary(seeded, dry_run=dry_run))


def line(model: str, facts: str, price: str) -> str:
    return f"{model:<52} {facts:<27} {price}".rstrip()


def row(seeded: SeededModel) -> str:
    name = f"{seeded.listed.provider}:{seeded.listed.name}"
    return line(name, WORDS[seeded.outcome], price_words(seeded))


def price_words(seeded: SeededModel) -> str:
    if seeded.has_own_price:
        return "staff's own price stays"
    if not seeded.has_price:
        return "MISSING: not called until staff enter one"
    if not seeded.prices_added:
        return "-" if seeded.listed.prices else "built in"
    return f"{newest(seeded.listed)} ({', '.join(seeded.prices_added)})"


def newest(listed: ListedModel) -> str:
    price = max(listed.prices, key=lambda one: one.valid_from)
    if price.item_micros is not None:
        dearest = max([price.item_micros, *(tier.item for tier in price.tiers)])
        return f"{'up to ' if price.tiers else ''}{short(dearest)} each"
    return f"{short(price.input_micros)} in, {short(price.output_micros)} out per million"


def short(micros: int | None) -> str:
    return money(micros).removeprefix("USD ")


def summary(seeded: list[SeededModel], *, dry_run: bool) -> str:
    outcomes = Counter(one.outcome for one in seeded)
    prices = sum(len(one.prices_added) for one in seeded)
    missing = sum(not one.has_price for one in seeded)
    return (
        f"{'Would be done (nothing was changed)' if dry_run else 'Models'}: {outcomes[Outcome.ADDED]} added, "
        f"{outcomes[Outcome.REFRESHED]} refreshed, {outcomes[Outcome.EDITED]} edited by staff and kept; "
        f"{prices} prices added; {missing} of {len(seeded)} have no price and aren't called."
    )
