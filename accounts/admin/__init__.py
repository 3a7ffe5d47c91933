"""Accounts in the back office."""

from accounts.admin.users import UserAdmin

__all__ = ["UserAdmin"]
