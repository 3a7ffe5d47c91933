"""Gives an account the starter library."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.users import user_get_by_name
from prompts.domain.starter import starter_records
from prompts.services.transfers import prompts_import


class Command(BaseCommand):
    help = (
        "Give an account the prompts that come with Atelier, in Chinese and English. Running it again adds only those "
        "that it doesn't have any more, and keeps what was changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--owner", required=True, help="user name or e-mail address of whose they will be"
        )

    def handle(self, *args: Any, owner: str, **options: Any) -> None:
        user = user_get_by_name(owner)
        if user is None:
            raise CommandError(f"There is no user {owner!r}. Create one with: manage.py createsuperuser")
        result = prompts_import(owner_id=user.pk, records=starter_records())
        self.stdout.write(f"Starter prompts: {result.created} added, {result.unchanged} there already.")
