"""Links that are sent by e-mail: signed, so that nothing about them is kept, and good for one thing."""

from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core import signing

from accounts.errors import LinkInvalidError


class Link(StrEnum):
    """What a link is for, and its address below `PUBLIC_URL`."""

    PASSWORD = "account/password"  # noqa: S105 — an address
    EMAIL = "account/email"
    INVITATION = "account/register"


def link_token(link: Link, *values: str | int) -> str:
    return signing.dumps(values, salt=f"accounts.{link}")


def link_values(link: Link, token: str, *, max_age: int | None = None) -> list[Any]:
    """What the token was made of. Raises LinkInvalidError: forged, for something else, or older than that."""
    try:
        values: list[Any] = signing.loads(token, salt=f"accounts.{link}", max_age=max_age)
    except signing.BadSignature:
        raise LinkInvalidError from None
    return values


def link_url(link: Link, token: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}/{link}?token={token}"
