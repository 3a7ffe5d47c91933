from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ToyConfig(AppConfig):
    name = "tests.support.toy"
    label = "notes"
    verbose_name = "Notes"

    def ready(self) -> None:
        from accounts.models import actions
        from config import menu, queues
        from config.api import scopes
        from generation.jobs import registry
        from generation.providers.llm import sandbox
        from tests.support.toy.handlers import SUMMARIZE, summary_of
        from tests.support.toy.models import Action, ObjectType

        actions.register(Action, ObjectType)
        menu.register("notes", _("Notes"), menu.Item("notes.note", "note"), position=25)
        queues.register("notes.tidy", queues.Queue.STATUS_UPDATES, every=60)
        registry.register(SUMMARIZE)
        sandbox.register("notes.summarize", summary_of)
        scopes.register("notes", read="Read notes.", write="Change notes.")
