"""Rows of accounts: users, their sessions, tokens, keys, budgets and activity, and the audit of staff."""

from accounts.models.activity import Activity, AuditEntry
from accounts.models.budgets import Budget, BudgetPeriod
from accounts.models.files import FileRemoval
from accounts.models.invitations import Invitation
from accounts.models.keys import ProviderKey
from accounts.models.sessions import LoginSession
from accounts.models.tokens import AccessToken
from accounts.models.users import AccountManager, User, username_validator

__all__ = [
    "AccessToken",
    "AccountManager",
    "Activity",
    "AuditEntry",
    "Budget",
    "BudgetPeriod",
    "FileRemoval",
    "Invitation",
    "LoginSession",
    "ProviderKey",
    "User",
    "username_validator",
]
