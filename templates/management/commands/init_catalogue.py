"""Adds the catalogue that comes with the product to the shared library."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from templates.services.catalogue import catalogue_init


class Command(BaseCommand):
    help = (
        "Add the bilingual content templates that come with Atelier to the shared library. Running it again adds only "
        "what is missing and keeps what staff have changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="bring templates that were changed back to their original texts",
        )

    def handle(self, *args: Any, overwrite: bool, **options: Any) -> None:
        result = catalogue_init(overwrite=overwrite)
        self.stdout.write(
            f"Catalogue: {result.created} templates added, {result.updated} reset, {result.unchanged} unchanged, "
            f"in {result.categories} categories."
        )
