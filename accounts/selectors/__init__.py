"""Reads about accounts."""

from accounts.selectors.budgets import BudgetState, budget_get, budget_limit
from accounts.selectors.users import (
    principal_forget,
    principal_forget_all,
    principal_get,
    user_get,
    user_get_by_name,
)

__all__ = [
    "BudgetState",
    "budget_get",
    "budget_limit",
    "principal_forget",
    "principal_forget_all",
    "principal_get",
    "user_get",
    "user_get_by_name",
]
