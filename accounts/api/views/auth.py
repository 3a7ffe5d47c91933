"""Register, log in, refresh, and the account itself."""

from typing import Any

from django.db import transaction
from django.urls import reverse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.api.examples import SESSION, TOKENS, USER
from accounts.api.serializers.users import (
    PasswordChangeIn,
    RegisteredOut,
    SessionOut,
    TokenPairOut,
    TokenRefreshIn,
    UserDeleteIn,
    UserLoginIn,
    UserOut,
    UserRegisterIn,
    UserUpdateIn,
    tokens_out,
    user_out,
)
from accounts.errors import (
    CredentialsWrongError,
    EmailNotConfirmedError,
    EmailTakenError,
    InvitationInvalidError,
    InvitationNeededError,
    LastSuperuserError,
    PasswordWrongError,
    RegistrationClosedError,
    UsernameTakenError,
)
from accounts.models import User
from accounts.selectors.users import user_get
from accounts.services.registration import user_register
from accounts.services.sessions import login_account, session_refresh, user_login
from accounts.services.users import password_change, user_delete, user_update
from config.api.etags import body_etag
from config.api.language import language_of
from config.api.renderers import to_json
from config.api.schema import operation
from config.api.scopes import OPEN, SESSION_ONLY
from config.api.throttling import AddressLimit, LoginLimit
from config.api.views import ApiView, Created, Detail, NoContent
from config.errors import PreconditionFailedError, TokenInvalidError

#: The longest password, name and token together are a third of that.
LARGEST_BODY = 16_000


class PublicApi(ApiView):
    """Open to everybody. The answers hold tokens, so none is kept for an Idempotency-Key."""

    scope = OPEN
    tag = "auth"
    authentication_classes = ()
    permission_classes = (AllowAny,)
    keeps_answers = False
    max_body_bytes = LARGEST_BODY


class OwnAccountApi(ApiView):
    scope = "account"
    tag = "auth"
    max_body_bytes = LARGEST_BODY

    def account(self, *, for_update: bool = False) -> User:
        """The caller's row. Raises TokenInvalidError when it was deleted a moment ago."""
        try:
            return user_get(self.caller.pk, for_update=for_update)
        except User.DoesNotExist:
            raise TokenInvalidError from None


class UserRegisterApi(PublicApi):
    @operation(
        "Open an account and log in",
        description=(
            "Where the operator lets everybody in, or with an invitation; `access` and `refresh` are null where the "
            "e-mail address has to be confirmed first. A new account may spend little with the operator's keys until "
            "staff say otherwise."
        ),
        request=UserRegisterIn,
        request_example={"username": "李雷", "email": "lilei@example.com", "password": "correct horse 电池"},
        response=RegisteredOut,
        status=201,
        example=SESSION,
        errors=[
            RegistrationClosedError,
            InvitationNeededError,
            InvitationInvalidError,
            UsernameTakenError,
            EmailTakenError,
        ],
        operation_id="register",
    )
    def post(self, request: Request) -> Created:
        given = self.read(UserRegisterIn)
        # Each attempt counts: those that fail tell whose names and addresses are taken.
        AddressLimit(request, "register").begin()
        user, tokens = user_register(**{"language": language_of(request._request), **given})
        return Created({**tokens_out(tokens), "user": user_out(user)}, reverse("me"))


class UserLoginApi(PublicApi):
    @operation(
        "Log in with a username or an e-mail address",
        request=UserLoginIn,
        request_example={"login": "demo", "password": "atelier-demo"},
        response=SessionOut,
        example=SESSION,
        errors=[CredentialsWrongError, EmailNotConfirmedError],
        operation_id="login",
    )
    def post(self, request: Request) -> dict[str, Any]:
        given = self.read(UserLoginIn)
        limit = LoginLimit(request, login_account(given["login"]))
        limit.begin()
        user, tokens = user_login(**given)
        limit.succeeded()
        return {**tokens_out(tokens), "user": user_out(user)}


class TokenRefreshApi(PublicApi):
    @operation(
        "Exchange a refresh token for a new pair",
        description="A refresh token works once. A used one that comes back ends its session.",
        request=TokenRefreshIn,
        request_example={"refresh": "eyJ…"},
        response=TokenPairOut,
        example=TOKENS,
        errors=[TokenInvalidError],
        operation_id="refresh",
    )
    def post(self, request: Request) -> dict[str, Any]:
        given = self.read(TokenRefreshIn)
        limit = AddressLimit(request, "refresh")
        limit.begin()
        tokens = session_refresh(**given)
        limit.succeeded()
        return tokens_out(tokens)


class PasswordChangeApi(OwnAccountApi):
    scope = SESSION_ONLY
    keeps_answers = False

    @operation(
        "Change the password",
        description="Every other session ends, every older token is refused; the answer has new ones.",
        request=PasswordChangeIn,
        request_example={"current_password": "the password until now", "new_password": "更好的 password 42"},
        response=TokenPairOut,
        example=TOKENS,
        errors=[PasswordWrongError],
    )
    def post(self, request: Request) -> dict[str, Any]:
        given = self.read(PasswordChangeIn)
        limit = LoginLimit(request, str(self.caller.pk))
        limit.begin()
        tokens = password_change(
            user=self.account(), current=given["current_password"], new=given["new_password"]
        )
        limit.succeeded()
        return tokens_out(tokens)


class UpdateMeApi(OwnAccountApi):
    """The older name of PATCH me."""

    @operation(
        "Change the account or its settings (older name of PATCH me)",
        request=UserUpdateIn,
        request_example={"settings": {"language": "zh", "theme": "dark"}},
        response=UserOut,
        example=USER,
        errors=[UsernameTakenError, EmailTakenError, PreconditionFailedError],
        operation_id="updateMeByOldName",
        is_deprecated=True,
    )
    def patch(self, request: Request) -> Detail:
        changes = self.read(UserUpdateIn)
        with transaction.atomic():
            user = self.account(for_update=True)
            self.check_if_match(lambda: user_etag(user_out(user)))
            user = user_update(user=user, **changes)
        return me_detail(user_out(user))


class MeApi(UpdateMeApi):
    session_methods = frozenset({"DELETE"})

    @operation("Your account", response=UserOut, example=USER)
    def get(self, request: Request) -> Detail:
        return me_detail(user_out(self.account()))

    @operation(
        "Change the account or its settings",
        request=UserUpdateIn,
        request_example={"settings": {"language": "zh", "theme": "dark"}},
        response=UserOut,
        example=USER,
        errors=[UsernameTakenError, EmailTakenError, PreconditionFailedError],
    )
    def patch(self, request: Request) -> Detail:
        return super().patch(request)

    @operation(
        "Delete the account and everything it owns",
        request=UserDeleteIn,
        request_example={"password": "the password of the account"},
        status=204,
        errors=[PasswordWrongError, LastSuperuserError],
    )
    def delete(self, request: Request) -> NoContent:
        given = self.read(UserDeleteIn)
        limit = LoginLimit(request, str(self.caller.pk))
        limit.begin()
        user_delete(user=self.account(), password=given["password"])
        limit.succeeded()
        return NoContent()


def user_etag(shown: dict[str, Any]) -> str:
    return body_etag(to_json(shown))


def me_detail(shown: dict[str, Any]) -> Detail:
    return Detail(shown, etag=user_etag(shown))
