"""The kernel as a Django application, so that its templates, models and commands are found."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PlatformConfig(AppConfig):
    """Stands before `django.contrib.admin` in INSTALLED_APPS: its admin templates win."""

    name = "config"
    label = "platform"
    verbose_name = "Platform"


class BackOfficeConfig(AdminConfig):
    """In the place of `django.contrib.admin`, whose site would not count guesses at passwords."""

    default_site = "config.back_office.BackOfficeSite"
