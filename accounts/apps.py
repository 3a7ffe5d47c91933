"""Accounts: who somebody is, what they may do, what they may spend."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
