"""Templates: the factory of bilingual documents (no HTML templates here; those are in config/templates)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesConfig(AppConfig):
    name = "templates"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from generation.jobs.registry import register
        from generation.providers.llm import sandbox
        from templates.handlers import KINDS, SANDBOX_ANSWERS

        for kind in KINDS:
            register(kind)
        for name, answer in SANDBOX_ANSWERS.items():
            sandbox.register(name, answer)
