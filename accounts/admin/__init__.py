"""Accounts in the admin."""

from accounts.admin.activity import ActivityAdmin
from accounts.admin.audit import AuditEntryAdmin
from accounts.admin.budgets import BudgetAdmin, BudgetPeriodAdmin
from accounts.admin.files import FileRemovalAdmin
from accounts.admin.invitations import InvitationAdmin
from accounts.admin.keys import ProviderKeyAdmin
from accounts.admin.login import LoginForm, OwnPasswordForm
from accounts.admin.sessions import LoginSessionAdmin
from accounts.admin.tokens import AccessTokenAdmin
from accounts.admin.users import UserAdmin

__all__ = [
    "AccessTokenAdmin",
    "ActivityAdmin",
    "AuditEntryAdmin",
    "BudgetAdmin",
    "BudgetPeriodAdmin",
    "FileRemovalAdmin",
    "InvitationAdmin",
    "LoginForm",
    "LoginSessionAdmin",
    "OwnPasswordForm",
    "ProviderKeyAdmin",
    "UserAdmin",
]
