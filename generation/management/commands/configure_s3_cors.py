"""`manage.py configure_s3_cors`: lets web pages read files from the bucket."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Let pages of the origins in CORS_ORIGIN (or of --origin) read files of the bucket by their links, from "
        "scripts, too. Replaces the bucket's CORS rules. Pictures and downloads need none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--origin", action="append", help="instead of CORS_ORIGIN; repeatable")

    def handle(self, *args: Any, **options: Any) -> None:
        storage: Any = default_storage
        if not hasattr(storage, "allow_origins"):
            raise CommandError("FILE_STORAGE isn't s3: there is no bucket to configure.")
        origins = options["origin"] or settings.CORS_ORIGIN
        if not origins:
            raise CommandError("CORS_ORIGIN is empty: name the origins there, or by --origin.")
        try:
            storage.allow_origins(origins)
        except Exception as error:
            raise CommandError(f"The storage refuses: {error}") from error
        self.stdout.write(f"Pages of {', '.join(origins)} may read files.")
