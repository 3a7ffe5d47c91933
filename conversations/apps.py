"""Conversations: messages as a tree, and replies that are streamed."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from accounts.models import actions
        from config import menu, queues
        from config.api import scopes, words
        from conversations.api.words import TAGS, WORDS
        from conversations.domain.sandbox_chat import SANDBOX_INPUTS
        from conversations.handlers import KINDS, SANDBOX_ANSWERS
        from conversations.models.actions import DETAILS, Action, ObjectType
        from conversations.models.messages import ROLE_WORDS
        from generation.jobs.registry import register
        from generation.providers.llm import sandbox

        actions.register(
            Action, ObjectType, {**DETAILS, "role": actions.Detail(_("role"), values=ROLE_WORDS)}
        )
        words.register(WORDS)
        for tag, text in TAGS.items():
            words.register_tag(tag, text)
        scopes.register(
            "conversations",
            read=_("Read conversations and their messages."),
            write=_("Change conversations; have messages answered, which costs money."),
        )
        menu.register(
            "conversations",
            _("Conversations"),
            menu.Item("conversations.conversation", "forum"),
            menu.Item("conversations.message", "chat_bubble"),
            menu.Item("conversations.reply", "reply"),
            menu.Item("conversations.attachment", "attach_file"),
            menu.Item("conversations.conversationshare", "share"),
            menu.Item("conversations.conversationimport", "move_to_inbox"),
            menu.Item("conversations.conversationimportitem", "checklist"),
            menu.Item("conversations.conversationsettings", "tune"),
            position=16,
        )
        queues.register("conversations.clean_up", queues.Queue.STATUS_UPDATES, every=3600)
        for kind in KINDS:
            register(kind)
        for name, answer in SANDBOX_ANSWERS.items():
            sandbox.register(name, answer, inputs=SANDBOX_INPUTS)
