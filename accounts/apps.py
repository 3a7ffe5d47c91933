"""Accounts: who somebody is, what they may do, what they may spend."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from accounts.api.words import TAGS, WORDS
        from accounts.models import actions
        from accounts.services.audit import audit_record
        from config import audit, menu, queues
        from config.api import schema_hooks, scopes, words

        audit.register(audit_record, page="admin:accounts_auditentry_changelist")
        actions.register(actions.Action, actions.ObjectType, actions.COMMON_DETAILS)
        schema_hooks.register("ActivityAction", actions.ACTIONS)
        schema_hooks.register("ActivityObjectType", actions.OBJECT_TYPES)
        queues.register("accounts.remove_files", queues.Queue.STATUS_UPDATES, every=600)
        queues.register("accounts.clean_up", queues.Queue.STATUS_UPDATES, every=3600)
        for task in ("send_password_reset", "send_confirmation", "send_invitation"):
            queues.register(f"accounts.{task}", queues.Queue.STATUS_UPDATES)
        words.register(WORDS)
        for tag, text in TAGS.items():
            words.register_tag(tag, text)
        scopes.register("access-tokens", read=_("List access tokens, which shows no secret."))
        scopes.register(
            "account",
            read=_("Read the account and its settings."),
            write=_("Change the account's names and settings, but not its password."),
        )
        scopes.register(
            "activities",
            read=_("Read the activity log and its statistics."),
            write=_("Clear the activity log."),
        )
        scopes.register("api-keys", read=_("List provider keys, which shows no secret."))
        menu.register(
            "accounts",
            _("Accounts"),
            menu.Item("accounts.user", "person"),
            menu.Item("auth.group", "group"),
            menu.Item("accounts.budgetperiod", "savings", _("Budgets by month")),
            menu.Item("accounts.budget", "speed", _("Monthly limits")),
            menu.Item("accounts.invitation", "mail"),
            position=30,
        )
        menu.register(
            "access",
            _("Access"),
            menu.Item("accounts.loginsession", "devices"),
            menu.Item("accounts.accesstoken", "token"),
            menu.Item("accounts.providerkey", "vpn_key"),
            position=40,
        )
        menu.register(
            "records",
            _("Records"),
            menu.Item("accounts.activity", "manage_history"),
            menu.Item("accounts.auditentry", "policy", _("Audit of staff")),
            menu.Item("accounts.fileremoval", "folder_delete"),
            position=50,
        )
