"""A Django app that only tests install: it registers kinds of jobs that prove the engine."""

from django.apps import AppConfig


class KindsConfig(AppConfig):
    name = "tests.support.kinds"
    label = "test_kinds"
