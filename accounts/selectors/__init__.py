"""Reads about accounts."""

from accounts.selectors.activities import ActivityFigures, activity_figures, activity_list_for
from accounts.selectors.budgets import (
    BudgetState,
    NearLimit,
    budget_get,
    budget_limit,
    budget_limit_default,
    budgets_get,
    budgets_near_limit,
)
from accounts.selectors.keys import (
    provider_key_is_current,
    provider_key_list_for,
    provider_keys_for,
    provider_keys_forget,
    provider_keys_forget_all,
)
from accounts.selectors.sessions import claims_that_hold, session_list_for
from accounts.selectors.tokens import access_token_list_for
from accounts.selectors.users import (
    principal_forget,
    principal_forget_all,
    principal_get,
    session_forget,
    user_get,
    user_get_by_name,
)

__all__ = [
    "ActivityFigures",
    "BudgetState",
    "NearLimit",
    "access_token_list_for",
    "activity_figures",
    "activity_list_for",
    "budget_get",
    "budget_limit",
    "budget_limit_default",
    "budgets_get",
    "budgets_near_limit",
    "claims_that_hold",
    "principal_forget",
    "principal_forget_all",
    "principal_get",
    "provider_key_is_current",
    "provider_key_list_for",
    "provider_keys_for",
    "provider_keys_forget",
    "provider_keys_forget_all",
    "session_forget",
    "session_list_for",
    "user_get",
    "user_get_by_name",
]
