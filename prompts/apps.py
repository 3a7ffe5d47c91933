"""Prompts: the library of texts for models, with versions, labels and tags."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromptsConfig(AppConfig):
    name = "prompts"
    verbose_name = _("Prompts")

    def ready(self) -> None:
        from accounts.models import actions
        from config import menu
        from config.api import scopes, words
        from generation.jobs.registry import register
        from generation.providers.llm import sandbox
        from prompts.api.words import TAGS, WORDS
        from prompts.domain.optimizing import SANDBOX_INPUTS
        from prompts.handlers import KINDS, SANDBOX_ANSWERS
        from prompts.models.actions import DETAILS, Action, ObjectType

        actions.register(Action, ObjectType, DETAILS)
        words.register(WORDS)
        for tag, text in TAGS.items():
            words.register_tag(tag, text)
        scopes.register(
            "prompts",
            read=_("Read prompts, tags and optimizations."),
            write=_("Change prompts and tags; have prompts optimized, which costs money."),
        )
        menu.register(
            "prompts",
            _("Prompts"),
            menu.Item("prompts.prompt", "chat"),
            menu.Item("prompts.promptversion", "history"),
            menu.Item("prompts.promptlabel", "flag"),
            menu.Item("prompts.tag", "sell"),
            menu.Item("prompts.optimization", "auto_fix_high"),
            menu.Item("prompts.promptcase", "fact_check"),
            menu.Item("prompts.promptevaluation", "balance"),
            menu.Item("prompts.prompttrial", "rule"),
            position=15,
        )
        for kind in KINDS:
            register(kind)
        for name, answer in SANDBOX_ANSWERS.items():
            sandbox.register(name, answer, inputs=SANDBOX_INPUTS)
