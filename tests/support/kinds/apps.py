"""A Django app that only tests install: it registers kinds of jobs that prove the engine."""

from django.apps import AppConfig


class KindsConfig(AppConfig):
    name = "tests.support.kinds"
    label = "test_kinds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from generation.jobs.registry import register
        from tests.support.kinds import barriers
        from tests.support.kinds.handlers import KINDS

        for kind in KINDS:
            register(kind)
        barriers.install()
