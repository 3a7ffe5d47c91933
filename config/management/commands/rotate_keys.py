"""Encrypts stored secrets again by the newest of ENCRYPTION_KEYS."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, cast

from django.core.management.base import BaseCommand, CommandError

from config.crypto import current_key_id
from config.rotation import Column, Outcome, encrypted_columns, inspect, rotate

if TYPE_CHECKING:
    from rich.progress import Progress

LARGEST_BATCH = 10_000
#: How often the tables are walked while somebody goes on writing by an older key, before that is said to be so.
ROUNDS = 5

HELP = """\
Encrypt the stored secrets (users' provider keys) again by the newest key. The server goes on running; what users
change at the same moment is never overwritten; after Ctrl-C or a kill, the same command goes on where it was.

How to rotate, with several processes and without a pause:

  1. Make a key:   python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'
  2. Let every process read it before any writes by it: put it LAST.
         ENCRYPTION_KEYS=old,new     and restart web, stream, worker, updates and beat.
  3. Let it encrypt: put it FIRST.
         ENCRYPTION_KEYS=new,old     and restart all of them.
  4. Run           manage.py rotate_keys           until it says that all is done.
  5. Check with    manage.py rotate_keys --dry-run  (it must say: 0 to rotate, 0 unreadable).
  6. Remove the old key: ENCRYPTION_KEYS=new, and restart. Keep it apart for as long as you keep backups of the
     database that were made before step 4: nothing else reads them.

On one machine that may pause for a moment, leave out step 2. Where there was no key so far, begin with step 3 and
ENCRYPTION_KEYS=new: what SECRET_KEY has encrypted is still read. If a key has leaked, users' keys may be known, too:
rotate, then have them make new ones at their vendors.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, **{**kwargs, "formatter_class": RawDescriptionHelpFormatter}
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--batch-size", type=int, default=500, help="rows that are written at once (default: 500)"
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="change nothing; say what is left, and try to read every secret",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        size = options["batch_size"]
        if not 1 <= size <= LARGEST_BATCH:
            raise CommandError(f"--batch-size takes 1 to {LARGEST_BATCH}.")
        if options["dry_run"]:
            found = self._walk("Reading", inspect, size, with_current=True)
            self.stdout.write(
                f"{found.seen} secrets: {found.current} by the newest key ({current_key_id()}), {found.rotated} to "
                f"rotate, {found.unreadable.total()} unreadable. Nothing was changed."
            )
        else:
            found = self._rotate(size)
        self._complain(found.unreadable)

    def _rotate(self, size: int) -> Outcome:
        """Again, as long as others write by an older key: a process with the old setting, or a save that had read the
        row before."""
        rotated = 0
        for _round in range(ROUNDS):
            found = self._walk("Rotating", rotate, size)
            rotated += found.rotated
            left = sum(column.rows().count() for column in encrypted_columns()) - found.unreadable.total()
            if left <= 0:
                self.stdout.write(
                    f"{rotated} secrets are encrypted by the newest key ({current_key_id()}) now."
                )
                return found
        raise CommandError(
            f"{rotated} secrets were rotated, but {left} are by an older key again: a process still runs with the "
            "old ENCRYPTION_KEYS. Restart all of them (step 3 of --help), then run this again."
        )

    def _walk(
        self,
        title: str,
        work: Callable[[Column, int], Iterator[Outcome]],
        size: int,
        *,
        with_current: bool = False,
    ) -> Outcome:
        total = Outcome()
        with self._progress() as progress:
            for column in encrypted_columns():
                rows = column.rows(with_current=with_current).count()
                task = progress.add_task(f"{title} {column}", total=rows)
                for outcome in work(column, size):
                    total.add(outcome)
                    progress.advance(task, outcome.seen)
        return total

    def _progress(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=console)

    def _complain(self, unreadable: Counter[str]) -> None:
        """Raises CommandError when there is anything to complain about."""
        if not unreadable:
            return
        lines = [f"{unreadable.total()} secrets can't be decrypted; they were left as they are:"]
        for missing, count in sorted(unreadable.items()):
            lines.append(
                f"  {count} by the key with the id {missing}, which is not in ENCRYPTION_KEYS: add it at the end, "
                "restart, and run this again."
                if missing
                else f"  {count} damaged (changed by hand, or cut off): restore them from a backup."
            )
        lines.append(
            "What stays lost has to be entered again by its owner; deleting the row loses nothing more."
        )
        raise CommandError("\n".join(lines))
