"""Access tokens: list, make, look at, delete. A token may read about tokens, but never make or delete one."""

from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from rest_framework.request import Request

from accounts.api.serializers.tokens import (
    AccessTokenCreatedOut,
    AccessTokenCreateIn,
    AccessTokenOut,
    access_token_created_out,
)
from accounts.api.views.sessions import session_of
from accounts.errors import AccessTokenLimitError
from accounts.selectors.tokens import access_token_list_for
from accounts.services.tokens import token_create, token_delete
from config.api.lists.filters import BoolFilter, SearchFilter, UuidFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Created, NoContent


class AccessTokensApi(ResourceApi):
    scope = "access-tokens"
    read_model = AccessTokenOut
    selector = access_token_list_for
    route = "access-token"
    session_methods = frozenset({"POST", "DELETE"})


class AccessTokenListApi(AccessTokensApi, ListApi):
    keeps_answers = False
    filters = {
        "is_test": BoolFilter(Q(is_test=True)),
        "is_expired": BoolFilter(Q(expires_at__lte=Now())),
        "session_id": UuidFilter(help="Made in this session."),
        "search": SearchFilter(help="Words anywhere in the name."),
        **time_range("created_at"),
    }
    sorts = ("created_at", "name")
    summary = "List access tokens"

    @operation(
        "Make an access token",
        description=(
            "For machines: a token that does what its scopes allow, in your name, until it expires or is deleted. It "
            "is shown in this answer and never again. A test token's AI calls all go to the sandbox and cost nothing. "
            "A change of the password leaves tokens alone."
        ),
        request=AccessTokenCreateIn,
        request_example={
            "name": "夜间批处理 nightly batch",
            "scopes": ["templates:write", "jobs:read"],
            "expires_in_days": 90,
        },
        response=AccessTokenCreatedOut,
        status=201,
        example={**AccessTokenOut.example(), "token": "atl_live_…"},
        errors=[AccessTokenLimitError],
    )
    def post(self, request: Request) -> Created:
        row, plain = token_create(
            owner_id=self.caller.pk, session_id=session_of(request), **self.read(AccessTokenCreateIn)
        )
        return Created(access_token_created_out(row, plain), self.location(row))


class AccessTokenApi(AccessTokensApi, DetailApi):
    summary = "Read an access token"

    @operation(
        "Delete an access token",
        description="It changes nothing any more from now on; within seconds it reads nothing either.",
        status=204,
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        token_delete(token=self.row())
        return NoContent()
