"""`manage.py reset_password`: a link for who has forgotten their password."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.users import user_get_by_name
from accounts.services.recovery import password_reset_url


class Command(BaseCommand):
    help = "Print a link by which an account gets a new password. It works once, for an hour; hand it on with care."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="Username or e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_get_by_name(options["login"])
        if user is None:
            raise CommandError("There is no such account, or it is switched off.")
        self.stdout.write(password_reset_url(user))
