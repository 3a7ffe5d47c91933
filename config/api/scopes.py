"""Scopes: what a caller that holds an access token may do. A logged-in session may do everything its user may.

Every `ApiView` says whose door it is with `scope`; the method decides whether `<resource>:read` or
`<resource>:write` is needed. `SCOPES` is the whole list: what isn't in it can't be granted, and a guard test keeps it
equal to what the views ask for.
"""

from collections.abc import Collection, Mapping
from typing import Final

from config.errors import ScopeMissingError, SessionNeededError

READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Instead of a resource: whatever its scopes, an access token doesn't get in here.
SESSION_ONLY: Final = "(session only)"
#: Instead of a resource: everybody gets in, with a login or without.
OPEN: Final = "(open)"

#: Every scope that a token can have, with what it allows.
SCOPES: Mapping[str, str] = {
    "access-tokens:read": "List access tokens, which shows no secret.",
    "account:read": "Read the account and its settings.",
    "account:write": "Change the account's names and settings, but not its password.",
    "activities:read": "Read the activity log and its statistics.",
    "activities:write": "Clear the activity log.",
    "api-keys:read": "List provider keys, which shows no secret.",
    "catalogue:read": "Read the models that can be asked, and their prices.",
    "jobs:read": "Read jobs and follow their events.",
    "jobs:write": "Cancel and retry jobs.",
    "queue:read": "Read how the queues are doing.",
    "queue:write": "Empty the queue (staff).",
    "templates:read": "Read projects, content templates, batches and documents, and export them.",
    "templates:write": "Change projects and content templates; generate documents, which costs money.",
    "usage:read": "Read what was used, what it cost, and the budget.",
}


def needed_scope(scope: str, method: str, session_methods: Collection[str] = ()) -> str:
    """What a door asks for: a scope, `SESSION_ONLY`, or `OPEN`. A view that declares nothing is `SESSION_ONLY`."""
    if scope == OPEN:
        return OPEN
    if not scope or scope == SESSION_ONLY or method in session_methods:
        return SESSION_ONLY
    return f"{scope}:{'read' if method in READ_METHODS else 'write'}"


def check_scope(needed: str, granted: frozenset[str] | None) -> None:
    """Compare what a door asks for with what the caller's token has; None is a session, which needs none.

    Raises SessionNeededError, ScopeMissingError.
    """
    if granted is None or needed == OPEN or needed in granted:
        return
    if needed == SESSION_ONLY:
        raise SessionNeededError
    has = sorted(granted)
    raise ScopeMissingError(
        needed=needed, granted=", ".join(has) or "-", details={"needed": needed, "granted": has}
    )
