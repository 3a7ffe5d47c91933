"""The kernel as a Django application, so that its templates, models and commands are found."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
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


class HouseAdminConfig(AdminConfig):
    """In the place of `django.contrib.admin`, whose site would not count guesses at passwords."""

    default_site = "config.admin_site.HouseAdminSite"
