"""`manage.py create_demo`: the account for a first look around on a development machine."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services.users import user_create
from config.demo import DEMO_PASSWORD, DEMO_USERNAME

DEMO_EMAIL = "demo@example.com"


class Command(BaseCommand):
    help = "Create the demo account (user, staff and superuser in one). Refused under production settings."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ALLOW_DEMO_ACCOUNT:
            raise CommandError(
                "These settings are for production, and the demo's password is public: not created."
            )
        demo = User.objects.filter(username=DEMO_USERNAME).first()
        if demo is None:
            demo = user_create(username=DEMO_USERNAME, email=DEMO_EMAIL, password=DEMO_PASSWORD)
        elif not demo.check_password(DEMO_PASSWORD):
            self.stdout.write(
                f"There is an account {DEMO_USERNAME} with a password of its own; it stays as it is."
            )
            return
        if not (demo.is_staff and demo.is_superuser and demo.is_active):
            demo.is_staff = demo.is_superuser = demo.is_active = True
            demo.save(update_fields=["is_staff", "is_superuser", "is_active"])
        self.stdout.write(f"Log in as {DEMO_USERNAME} with the password {DEMO_PASSWORD}")
