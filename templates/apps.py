"""Templates: the factory of bilingual documents (no HTML templates here; those are in config/templates)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesConfig(AppConfig):
    name = "templates"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from accounts.models import actions
        from config import menu
        from config.api import scopes, words
        from generation.jobs.registry import register
        from generation.providers.llm import sandbox
        from templates.api.words import TAGS, WORDS
        from templates.handlers import KINDS, SANDBOX_ANSWERS
        from templates.models.actions import DETAILS, Action, ObjectType

        actions.register(Action, ObjectType, DETAILS)
        words.register(WORDS)
        for tag, text in TAGS.items():
            words.register_tag(tag, text)
        scopes.register(
            "templates",
            read=_("Read projects, content templates, batches and documents, and export them."),
            write=_("Change projects and content templates; generate documents, which costs money."),
        )
        menu.register(
            "documents",
            _("Documents"),
            menu.Item("templates.templatebatch", "stacks", _("Batches")),
            menu.Item("templates.batchitem", "checklist"),
            menu.Item("templates.document", "description"),
            menu.Item("templates.documentversion", "history"),
            position=20,
        )
        menu.register(
            "sources",
            _("What documents are made from"),
            menu.Item("templates.project", "rocket_launch"),
            menu.Item("templates.contenttemplate", "draft"),
            menu.Item("templates.category", "category"),
            position=25,
        )
        for kind in KINDS:
            register(kind)
        for name, answer in SANDBOX_ANSWERS.items():
            sandbox.register(name, answer)
