"""Templates: the factory of bilingual documents (no HTML templates here; those are in config/templates)."""

from django.apps import AppConfig


class TemplatesConfig(AppConfig):
    name = "templates"
