"""Compares budgets with the ledger of calls."""

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Iterator
from datetime import date
from typing import IO, TYPE_CHECKING, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.domain.months import month_of, months_back
from accounts.models import BudgetPeriod, User
from config.money import money
from generation.selectors.drifts import Drift, budget_drifts, budgets_missing
from generation.services.budgets import budget_mend

if TYPE_CHECKING:
    from rich.progress import Progress

LARGEST_BATCH = 10_000

HELP = """\
Compare what months' budgets say (used, set aside) with the ledger, which has a row for every call. They change in one
transaction, so they agree, unless somebody has written into the database by hand or restored a part of it.

    manage.py check_budgets                      this month and the one before; changes nothing
    manage.py check_budgets --month 2026-01      another month; repeatable
    manage.py check_budgets --repair             sets each budget that disagrees to what the ledger says

The server goes on running, also during --repair: each budget is compared, and mended, at one moment. A line says:

    alice · 2026-01 · used USD 1.20, the ledger says USD 1.00 · set aside USD 0.30

A budget that says too little lets its owner spend too much; one that says too much refuses calls that could be paid.
Calls with users' own keys and calls that cost nothing belong to no budget. Months begin at 00:00 UTC.

Exit codes: 0 all agree, or were mended; 1 some disagree. Run it by cron, and have a 1 looked into before you repair:
nothing in the product makes a drift.
"""


def month(text: str) -> date:
    """`2026-01` → its first day."""
    try:
        if len(text) != len("2026-01"):
            raise ValueError
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no month; write it as 2026-01") from None


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, **{**kwargs, "formatter_class": RawDescriptionHelpFormatter}
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--month",
            type=month,
            action="append",
            metavar="YYYY-MM",
            help="repeatable (default: this month and the one before)",
        )
        parser.add_argument("--repair", action="store_true", help="set the budgets to what the ledger says")
        parser.add_argument(
            "--batch-size", type=int, default=200, help="budgets that one statement compares (default: 200)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        size = options["batch_size"]
        if not 1 <= size <= LARGEST_BATCH:
            raise CommandError(f"--batch-size takes 1 to {LARGEST_BATCH}.")
        months = sorted(set(options["month"] or months_back(month_of(timezone.now()), 2)))
        looked_at = found = 0
        with self._progress() as progress:
            for one in months:
                task = progress.add_task(f"{one:%Y-%m}", total=BudgetPeriod.objects.filter(month=one).count())
                for seen, drifts in self._walk(one, size):
                    looked_at += seen
                    progress.advance(task, seen)
                    for drift in drifts:
                        found += 1
                        self._tell(progress, drift, is_repaired=options["repair"])
        self._sum_up(looked_at, found, months, is_repaired=options["repair"])

    @staticmethod
    def _walk(one: date, size: int) -> Iterator[tuple[int, list[Drift]]]:
        yield from budget_drifts(one, batch_size=size)
        for drift in budgets_missing(one):
            yield 1, [drift]

    def _tell(self, progress: "Progress", drift: Drift, *, is_repaired: bool) -> None:
        if is_repaired:
            mended = budget_mend(owner_id=drift.owner_id, month=drift.month, is_test=drift.is_test)
            drift = mended or drift
        progress.console.print(described(drift), markup=False, soft_wrap=True)

    def _sum_up(self, looked_at: int, found: int, months: list[date], *, is_repaired: bool) -> None:
        """Raises CommandError when there is a drift that stays."""
        names = ", ".join(f"{one:%Y-%m}" for one in months)
        if found and not is_repaired:
            raise CommandError(
                f"{found} of {looked_at} budgets of {names} disagree with the ledger. Look into it (--help says how "
                "that can be), then run this again with --repair."
            )
        done = f"{found} were mended" if found else "all agree with the ledger"
        self.stdout.write(f"{looked_at} budgets of {names}: {done}.")

    def _progress(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=console)


def described(drift: Drift) -> str:
    """A line about one budget, the ledger's figures where they differ."""
    name = User.objects.filter(pk=drift.owner_id).values_list("username", flat=True).first() or drift.owner_id
    parts = [f"{name} · {drift.month:%Y-%m}" + (" · play money" if drift.is_test else "")]
    for word, said, due in (
        ("used", drift.spent, drift.spent_due),
        ("set aside", drift.reserved, drift.reserved_due),
    ):
        parts.append(f"{word} {money(said)}" + ("" if said == due else f", the ledger says {money(due)}"))
    return " · ".join(parts)
