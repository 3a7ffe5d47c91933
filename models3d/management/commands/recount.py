"""Compares the counters of models with the rows behind them."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import IO, TYPE_CHECKING, Any, cast

from django.core.management.base import BaseCommand, CommandError

from models3d.models import Model3D
from models3d.selectors.counters import CounterDrift, counter_drifts_of_all
from models3d.services.counting import counters_mend

if TYPE_CHECKING:
    from rich.progress import Progress

LARGEST_BATCH = 10_000

HELP = """\
Compare what models say of their views, likes, favourites and downloads with the rows behind them. They change in one
transaction, so they agree, unless somebody has written into the database by hand or restored a part of it.

    manage.py recount              compares; changes nothing
    manage.py recount --fix        sets the counters that disagree to what the rows say

The server goes on running, also during --fix: each model is compared, and mended, at one moment. A line says:

    茶壶 (019a…) · likes 12, rows say 11 · trend 4.2, rows say 4.1

Exit codes: 0 all agree, or were mended; 1 some disagree.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, **{**kwargs, "formatter_class": RawDescriptionHelpFormatter}
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="set the counters to what the rows say")
        parser.add_argument(
            "--batch-size", type=int, default=1_000, help="models that one statement compares (default: 1000)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        size = options["batch_size"]
        if not 1 <= size <= LARGEST_BATCH:
            raise CommandError(f"--batch-size takes 1 to {LARGEST_BATCH}.")
        looked_at = found = 0
        with self._progress() as progress:
            task = progress.add_task("models", total=Model3D.objects.count())
            for seen, drifts in counter_drifts_of_all(size):
                looked_at += seen
                found += len(drifts)
                progress.advance(task, seen)
                for drift in drifts:
                    mended = counters_mend(drift.model_id) if options["fix"] else None
                    progress.console.print(described(mended or drift), markup=False, soft_wrap=True)
        if found and not options["fix"]:
            raise CommandError(f"{found} of {looked_at} models disagree with their rows. --fix mends them.")
        done = f"{found} were mended" if found else "all agree with their rows"
        self.stdout.write(f"{looked_at} models: {done}.")

    def _progress(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=console)


def described(drift: CounterDrift) -> str:
    """A line about one model: the counters that are wrong."""
    wrong = (f"{name} {said:g}, rows say {due:g}" for name, (said, due) in drift.wrong.items())
    return f"{drift.name} ({drift.model_id}) · {' · '.join(wrong)}"
