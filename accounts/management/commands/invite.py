"""`manage.py invite`: make, list and take back invitations."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Invitation
from accounts.services.invitations import DAYS, invitation_create, invitation_delete, invitation_url
from config.languages import Language
from config.money import MICROS


class Command(BaseCommand):
    help = "Invite somebody to open an account: prints the link, and sends it where e-mail is set up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?", default="", help="Whom; without it, whoever has the link")
        parser.add_argument("--days", type=int, default=DAYS, help=f"How long it is good ({DAYS})")
        parser.add_argument("--limit", type=float, help="US dollars a month on the operator's keys")
        parser.add_argument("--language", choices=Language.values, default=Language.EN.value)
        parser.add_argument("--list", action="store_true", help="List the invitations that are still good")
        parser.add_argument("--revoke", metavar="ID", help="Take one back")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            return self._list()
        if options["revoke"]:
            return self._revoke(options["revoke"])
        if options["days"] < 1 or (options["limit"] or 0) < 0:
            raise CommandError("--days is at least 1, and --limit not negative.")
        limit = options["limit"]
        try:
            invitation = invitation_create(
                email=options["email"],
                language=options["language"],
                days=options["days"],
                limit_micros=None if limit is None else round(limit * MICROS),
            )
        except ValidationError as exc:
            raise CommandError("; ".join(exc.messages)) from None
        self.stdout.write(f"{invitation.pk}  {invitation_url(invitation)}")
        return None

    def _list(self) -> None:
        for one in Invitation.objects.filter(used_at=None).order_by("created_at"):
            if one.is_open:
                self.stdout.write(f"{one.pk}  {one.expires_at:%Y-%m-%d %H:%M}  {one.email or '-'}")

    def _revoke(self, key: str) -> None:
        try:
            invitation = Invitation.objects.get(pk=key)
        except (Invitation.DoesNotExist, ValidationError):
            raise CommandError("There is no such invitation.") from None
        invitation_delete(invitation=invitation)
        self.stdout.write("Taken back.")
