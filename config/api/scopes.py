"""Scopes: what a caller that holds an access token may do. A logged-in session may do everything its user may.

Every `ApiView` says whose door it is with `scope`; the method decides whether `<resource>:read` or
`<resource>:write` is needed. An app registers its scopes in `AppConfig.ready`: what isn't registered can't be granted,
and a guard test keeps the list equal to what the views ask for.
"""

from collections.abc import Collection
from typing import Final

from django.utils.functional import Promise

from config.errors import ScopeMissingError, SessionNeededError
from config.registry import Registry

READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Instead of a resource: whatever its scopes, an access token doesn't get in here.
SESSION_ONLY: Final = "(session only)"
#: Instead of a resource: everybody gets in, with a login or without.
OPEN: Final = "(open)"

#: Every scope that a token can have, with what it allows.
SCOPES: Registry[str | Promise] = Registry("scope")


def register(resource: str, *, read: str | Promise = "", write: str | Promise = "") -> None:
    """Let tokens have `<resource>:read` and `<resource>:write`; the texts say what each allows, in one sentence."""
    for verb, text in (("read", read), ("write", write)):
        if text:
            SCOPES.register(f"{resource}:{verb}", text)


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
