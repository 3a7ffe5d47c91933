"""A Django app that only tests install: it registers kinds of jobs that prove the engine."""

from django.apps import AppConfig


class KindsConfig(AppConfig):
    name = "tests.support.kinds"
    label = "test_kinds"

    def ready(self) -> None:
        from generation.jobs.registry import register
        from tests.support.kinds.handlers import KINDS

        for kind in KINDS:
            register(kind)
