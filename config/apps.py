"""The kernel as a Django application, so that its templates, models and commands are found."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.utils.translation import gettext_lazy as _


class PlatformConfig(AppConfig):
    """Stands before `django.contrib.admin` in INSTALLED_APPS: its admin templates win."""

    name = "config"
    label = "platform"
    verbose_name = _("Platform")

    def ready(self) -> None:
        from config import menu, queues
        from config.api import words

        words.register(words.KERNEL)
        words.register_tag("health", "Whether the server works: for load balancers, operators and people.")
        queues.register("platform.clean_up", queues.Queue.STATUS_UPDATES, every=3600)
        menu.register(
            "platform",
            _("Housekeeping"),
            menu.Item("django_celery_results.taskresult", "cleaning_services", _("Tasks")),
            menu.Item("platform.idempotencyrecord", "repeat_one", _("Idempotency keys")),
            position=90,
        )


class HouseAdminConfig(SimpleAdminConfig):
    """In the place of `django.contrib.admin`, whose site would not count guesses at passwords.

    Its pages are loaded with the addresses (`config.urls`) and by who checks them: they are half of a process's start,
    and a worker shows none.
    """

    default_site = "config.admin_site.HouseAdminSite"

    def ready(self) -> None:
        checks.register(_admin_is_sound, checks.Tags.admin)


def _admin_is_sound(**asked: Any) -> list[checks.CheckMessage]:
    autodiscover()
    return [*check_dependencies(**asked), *check_admin_app(**asked)]
