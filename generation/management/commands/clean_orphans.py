"""`manage.py clean_orphans`: files without rows, and rows without files."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.services.orphans import Orphans, orphans_clean, orphans_find

SHOWN = 20
HELP = """\
Compare the storage of files with the database. Changes nothing unless it is told to.

    manage.py clean_orphans              says what it would do
    manage.py clean_orphans --delete     deletes files that have no row and marks rows that have no file

A file is an orphan a day after it was written, not earlier: a job may be about to give it a row. A row whose file is
missing stays; it is marked, and the mark goes when the file is back. Beat does the same every six hours, for a minute.

If most files have no row, this is rather the wrong database or the wrong bucket: then --delete refuses, unless --force
says that it is right.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **options: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--delete", action="store_true", help="do it")
        parser.add_argument("--force", action="store_true", help="even where most files have no row")

    def handle(self, *args: Any, **options: Any) -> None:
        found = orphans_find()
        self._say(found)
        if not options["delete"]:
            self.stdout.write("Nothing was changed; --delete does it.")
            return
        if found.is_doubtful and not options["force"]:
            raise CommandError(
                "Most files have no row: are DATABASE_URL and the storage those of one installation? "
                "Nothing was changed; --force deletes them all the same."
            )
        self.stdout.write(f"{orphans_clean(found):,} files were deleted.")

    def _say(self, found: Orphans) -> None:
        self.stdout.write(f"{found.objects_seen:,} files and {found.rows_seen:,} rows were compared.")
        self._list("files without a row", found.objects)
        self._list("uploads that are over, with parts left", found.folders)
        self._list("rows without a file", found.missing)
        self._list("rows whose file is back", found.found_again)

    def _list(self, what: str, keys: list[str]) -> None:
        self.stdout.write(f"{len(keys):,} {what}")
        for key in keys[:SHOWN]:
            self.stdout.write(f"    {key}")
        if len(keys) > SHOWN:
            self.stdout.write(f"    and {len(keys) - SHOWN:,} more")
