"""Access tokens: list, make, look at, delete. A token may read about tokens, but never make or delete one."""

from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from rest_framework.request import Request

from accounts.api.serializers.tokens import (
    AccessTokenCreatedOut,
    AccessTokenCreateIn,
    AccessTokenOut,
    access_token_created_out,
)
from accounts.errors import AccessTokenLimitError
from accounts.selectors import access_token_get_for, access_token_list_for
from accounts.services import token_create, token_delete
from config.api.lists import BoolFilter, SearchFilter, time_range
from config.api.lists.views import DetailApi, ListApi
from config.api.schema import operation
from config.api.views import Created, NoContent
from config.errors import NotFoundError

TAG = "access-tokens"
EXAMPLE = {
    "id": "019a6f60-4c1e-7d30-b2aa-6f1d2c3b4a59",
    "name": "夜间批处理 nightly batch",
    "is_test": False,
    "last_four": "7Qz1",
    "scopes": ["jobs:read", "templates:write"],
    "expires_at": "2026-05-01T00:00:00.000000Z",
    "last_used_at": None,
    "created_at": "2026-01-31T08:00:00.000000Z",
}
CREATED_EXAMPLE = {**EXAMPLE, "token": "atl_live_…"}


class AccessTokenListApi(ListApi):
    scope = "access-tokens"
    session_methods = frozenset({"POST"})
    keeps_answers = False
    read_model = AccessTokenOut
    selector = access_token_list_for
    filters = {
        "is_test": BoolFilter(Q(is_test=True)),
        "is_expired": BoolFilter(Q(expires_at__lte=Now())),
        "search": SearchFilter("name", help="Text anywhere in the name."),
        **time_range("created_at"),
    }
    sorts = ("created_at", "name")
    summary = "List access tokens"
    tag = TAG
    example = EXAMPLE

    @operation(
        "Make an access token",
        tag=TAG,
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
        example=CREATED_EXAMPLE,
        errors=[AccessTokenLimitError],
    )
    def post(self, request: Request) -> Created:
        row, plain = token_create(owner_id=self.caller.pk, **self.read(AccessTokenCreateIn))
        return Created(access_token_created_out(row, plain), f"/api/v1/access-tokens/{row.pk}")


class AccessTokenApi(DetailApi):
    scope = "access-tokens"
    session_methods = frozenset({"DELETE"})
    read_model = AccessTokenOut
    selector = access_token_get_for
    summary = "Read an access token"
    tag = TAG
    example = EXAMPLE

    @operation(
        "Delete an access token",
        tag=TAG,
        description="It changes nothing any more from now on; within seconds it reads nothing either.",
        status=204,
    )
    def delete(self, request: Request, token_id: UUID) -> NoContent:
        row = access_token_get_for(self.caller.pk, token_id).first()
        if row is None:
            raise NotFoundError
        token_delete(token=row)
        return NoContent()
