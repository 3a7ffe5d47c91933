"""The kernel as a Django application, so that its templates, models and commands are found."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """Stands before `django.contrib.admin` in INSTALLED_APPS: its admin templates win."""

    name = "config"
    label = "platform"
    verbose_name = "Platform"
