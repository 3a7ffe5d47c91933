"""`manage.py set_budget`: what an account may spend in a month."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.users import user_get_by_name
from accounts.services.budgets import budget_reset, budget_set
from config.money import MICROS


class Command(BaseCommand):
    help = "Give an account a monthly limit on the operator's keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="Username or e-mail address")
        parser.add_argument("limit", help="US dollars, `none` for no limit, or `default` for everybody's")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_get_by_name(options["login"])
        if user is None:
            raise CommandError("There is no such account, or it is switched off.")
        if options["limit"] == "default":
            budget_reset(user=user)
        else:
            budget_set(user=user, limit_micros=_micros(options["limit"]))
        self.stdout.write(f"{user.username}: {options['limit']}")


def _micros(text: str) -> int | None:
    if text == "none":
        return None
    try:
        dollars = float(text)
    except ValueError:
        dollars = -1
    if not 0 <= dollars < 1_000_000_000:
        raise CommandError("The limit is a number of US dollars, `none` or `default`.")
    return round(dollars * MICROS)
