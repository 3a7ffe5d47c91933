"""Clients that come with an access token instead of a session."""

from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.tokens import token_create


def token_of(user: User, *scopes: str, **options: Any) -> str:
    """A new token of the user's with these scopes."""
    return token_create(owner_id=user.pk, name="机器人 🤖", scopes=scopes or ("account:read",), **options)[1]


def bearing(token: str) -> APIClient:
    """A client that sends the token with everything."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def machine(user: User, *scopes: str, **options: Any) -> APIClient:
    """A client with a new token of the user's."""
    return bearing(token_of(user, *scopes, **options))
