"""`manage.py move_data`: everything to another database, from SQLite to PostgreSQL or back."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.moving import Moved, MoveError, move_files, move_rows


class Command(BaseCommand):
    help = (
        "Copy all rows of the database in use (DATABASE_URL) into the empty one of NEW_DATABASE_URL, and count both "
        "sides. Stop everything else first. Nothing is changed where it comes from; afterwards set DATABASE_URL to "
        "the new address. Files stay in VAR_DIR unless --var-dir names another folder for them; those in a bucket stay "
        "there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--var-dir", type=Path, metavar="FOLDER", help="copy the files into this VAR_DIR, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NEW_DATABASE_URL:
            raise CommandError("NEW_DATABASE_URL isn't set: it names the database that everything goes to.")
        if settings.NEW_DATABASE_URL == settings.DATABASE_URL:
            raise CommandError("NEW_DATABASE_URL names the database that is in use.")
        try:
            self._show("rows", move_rows(settings.NEW_DATABASE_URL))
            if options["var_dir"]:
                self._show("files", self._files(options["var_dir"]))
        except MoveError as problem:
            raise CommandError(str(problem)) from problem

    def _files(self, var_dir: Path) -> list[Moved]:
        """Of those folders that lie in VAR_DIR."""
        folders = [Path(settings.MEDIA_ROOT), Path(settings.EXPORT_DIR)]
        here = [folder for folder in folders if folder.is_relative_to(settings.VAR_DIR)]
        return [move_files(folder, var_dir / folder.relative_to(settings.VAR_DIR)) for folder in here]

    def _show(self, what: str, moved: list[Moved]) -> None:
        for one in moved:
            self.stdout.write(f"{one.name:<45}{one.here:>10,} here {one.there:>10,} there")
        self.stdout.write(f"{sum(one.there for one in moved):,} {what} have arrived.")
