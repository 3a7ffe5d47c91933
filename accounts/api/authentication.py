"""`Authorization: Bearer <token>`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.domain.claims import Claims
from accounts.domain.principal import Principal
from accounts.domain.tokens import is_ours
from accounts.selectors.users import principal_get
from accounts.services.sessions import access_claims
from accounts.services.tokens import token_authenticate
from config.api.scopes import READ_METHODS
from config.errors import TokenInvalidError

EVENT_STREAM = "text/event-stream"


class BearerAuthentication(BaseAuthentication):
    """Sets `request.user` (a Principal) and `request.auth` (the token's claims).

    The token is a session's (a JWT, verified without a query) or an access token (`atl_…`, told by its form). What
    stands behind it, a session that hasn't ended, of an active account with the same password, or a token that wasn't
    deleted, is remembered for some seconds on reads and looked up on everything that may change something, cost money
    or go on for minutes.
    """

    def authenticate(self, request: Request) -> tuple[Principal, Claims] | None:
        """None without such a header. Raises TokenInvalidError."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token.strip()
        fresh = request.method not in READ_METHODS or EVENT_STREAM in request.META.get("HTTP_ACCEPT", "")
        if is_ours(token):
            return token_authenticate(token, fresh=fresh)
        claims = access_claims(token)
        principal = principal_get(claims, fresh=fresh)
        if principal is None:
            raise TokenInvalidError
        return principal, claims

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="atelier"'
