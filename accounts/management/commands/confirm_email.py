"""`manage.py confirm_email`: let an account log in whose owner got no e-mail."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.users import user_get_by_name
from accounts.services.recovery import email_set_confirmed


class Command(BaseCommand):
    help = "Count an account's e-mail address as confirmed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="Username or e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_get_by_name(options["login"])
        if user is None:
            raise CommandError("There is no such account, or it is switched off.")
        self.stdout.write("Confirmed." if email_set_confirmed(user=user) else "It was confirmed already.")
