"""`manage.py create_first_admin`: an administrator and a token from the environment, once."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.domain.tokens import token_make
from accounts.services.first_administrator import first_administrator_create


class Command(BaseCommand):
    help = (
        "Make the administrator of FIRST_ADMIN_USERNAME, FIRST_ADMIN_EMAIL and FIRST_ADMIN_PASSWORD, with the access "
        "token of FIRST_ADMIN_TOKEN if that is set. Once: where there is or was one, nothing is changed, so that it "
        "may run at every start. Each setting may come from a file (NAME_FILE)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--make-token",
            action="store_true",
            help="only print a new token, to be kept for FIRST_ADMIN_TOKEN",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["make_token"]:
            self.stdout.write(token_make(is_test=False))
            return
        wanted = {
            name: getattr(settings, f"FIRST_ADMIN_{name.upper()}")
            for name in ("username", "email", "password")
        }
        missing = [f"FIRST_ADMIN_{name.upper()}" for name, value in wanted.items() if not value]
        if missing:
            raise CommandError(f"Not set: {', '.join(missing)}.")
        try:
            user = first_administrator_create(**wanted, token=settings.FIRST_ADMIN_TOKEN)
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        except ValueError as exc:
            raise CommandError(
                "FIRST_ADMIN_TOKEN is no access token. Make one: manage.py create_first_admin --make-token"
            ) from exc
        if user is None:
            self.stdout.write("There is an administrator already, or was one; nothing was changed.")
            return
        self.stdout.write(f"{user.username} is the administrator.")
