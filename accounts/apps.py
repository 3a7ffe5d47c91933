"""Accounts: who somebody is, what they may do, what they may spend."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from accounts.services.audit import audit_record
        from config import audit

        audit.register(audit_record)
