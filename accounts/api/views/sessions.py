"""Sessions: which there are, and ending them."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.api.serializers.sessions import LoginSessionOut, LogoutEverywhereIn, SessionEndIn
from accounts.api.serializers.users import LogoutIn
from accounts.domain.claims import SessionClaims
from accounts.selectors.sessions import session_list_for
from accounts.services.sessions import session_revoke, user_logout, user_logout_everywhere
from config.api.lists.filters import BoolFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.scopes import SESSION_ONLY
from config.api.views import ApiView, NoContent


def session_of(request: Request) -> UUID:
    """The session that a request was made in. Only where no access token gets in."""
    return cast(SessionClaims, request.auth).session_id


class LoginSessionsApi(ResourceApi):
    scope = SESSION_ONLY
    tag = "auth"
    read_model = LoginSessionOut
    selector = session_list_for

    @property
    def rows_scope(self) -> dict[str, Any]:
        return {"owner_id": self.caller.pk, "current_id": session_of(self.request)}


class LoginSessionListApi(LoginSessionsApi, ListApi):
    filters = {
        "is_active": BoolFilter(Q(ended_at=None, expires_at__gt=Now())),
        **time_range("created_at"),
    }
    sorts = ("created_at", "last_used_at")
    summary = "List sessions"
    description = "Each log-in begins one. One that is over is kept for another 30 days."


class LoginSessionApi(LoginSessionsApi, DetailApi):
    summary = "Read a session"

    @operation(
        "End a session",
        description=(
            "It changes nothing and makes no tokens any more from now on; within seconds it reads nothing either. "
            "Access tokens that were made in it go on unless `with_access_tokens` is true: list them by "
            "`GET /access-tokens?session_id=`."
        ),
        status=204,
        parameters=[OpenApiParameter("with_access_tokens", bool, description="Delete them, too.")],
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        session_revoke(session=self.row(), **self.read_query(SessionEndIn))
        return NoContent()


class UserLogoutApi(ApiView):
    scope = SESSION_ONLY
    tag = "auth"

    @operation(
        "Log out",
        description="Ends the session of the access token, and of `refresh` when it is sent.",
        request=LogoutIn,
        request_example={},
        status=204,
        operation_id="logout",
    )
    def post(self, request: Request) -> NoContent:
        given = self.read(LogoutIn)
        user_logout(user_id=self.caller.pk, session_id=session_of(request), refresh=given.get("refresh"))
        return NoContent()


class LogoutEverywhereApi(ApiView):
    scope = SESSION_ONLY
    tag = "auth"

    @operation(
        "Log out everywhere",
        description=(
            "Ends every session of the account, this one and those in the back office too. Access tokens go on unless "
            "`with_access_tokens` is true."
        ),
        request=LogoutEverywhereIn,
        request_example={"with_access_tokens": True},
        status=204,
        operation_id="logoutEverywhere",
    )
    def post(self, request: Request) -> NoContent:
        user_logout_everywhere(user_id=self.caller.pk, **self.read(LogoutEverywhereIn))
        return NoContent()
