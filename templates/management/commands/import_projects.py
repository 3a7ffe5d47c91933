"""Imports projects from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.users import user_get_by_name
from templates.errors import ProjectCsvInvalidError
from templates.services.sources import projects_import


class Command(BaseCommand):
    help = (
        "Import projects from a CSV file with the columns name_zh, name_en, description_zh, description_en, website "
        "and, if you like, code (Chinese headings are understood, too). UTF-8, UTF-16 and GB18030 (GBK) are "
        "recognized; any other encoding has to be named. A project is found again by its code or its names: "
        "importing a changed file updates it. A file with any mistake changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file, for example examples/projects.csv")
        parser.add_argument(
            "--owner", required=True, help="user name or e-mail address of whom they belong to"
        )

        parser.add_argument(
            "--encoding", default="", help="the file's encoding, such as big5, shift_jis or windows-1252"
        )

        parser.add_argument("--dry-run", action="store_true", help="only check and count; nothing is written")

    def handle(
        self, *args: Any, file: Path, owner: str, encoding: str, dry_run: bool, **options: Any
    ) -> None:
        user = user_get_by_name(owner)
        if user is None:
            raise CommandError(f"There is no user {owner!r}. Create one with: manage.py createsuperuser")
        try:
            data = file.read_bytes()
        except OSError as exc:
            raise CommandError(f"{file} can't be read: {exc.strerror}") from exc
        try:
            result = projects_import(owner_id=user.pk, data=data, encoding=encoding, dry_run=dry_run)
        except ProjectCsvInvalidError as exc:
            problems = exc.details["problems"]
            lines = [f"  {problem['message']}\n  {problem['message_zh']}" for problem in problems]
            raise CommandError("\n".join([f"{file}: {exc}", *lines])) from exc
        if dry_run:
            self.stdout.write("A rehearsal: nothing was written.")
        self.stdout.write(
            f"Projects: {result.created} created, {result.updated} updated, {result.unchanged} unchanged "
            f"({result.encoding})."
        )
