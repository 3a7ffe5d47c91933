"""`Authorization: Bearer <token>`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.domain.principal import Principal
from accounts.selectors import principal_get
from accounts.services import AccessClaims, access_claims
from config.errors import TokenInvalidError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class BearerAuthentication(BaseAuthentication):
    """Sets `request.user` (a Principal) and `request.auth` (the token's claims).

    The token is verified without a query. Whether its account still exists, is active and has the same password is
    remembered for some seconds on reads and looked up on everything that may change something or cost money.
    """

    def authenticate(self, request: Request) -> tuple[Principal, AccessClaims] | None:
        """None without such a header. Raises TokenInvalidError."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = access_claims(token.strip())
        is_read = request.method in SAFE_METHODS
        principal = principal_get(claims.user_id, claims.password_stamp, fresh=not is_read)
        if principal is None:
            raise TokenInvalidError
        return principal, claims

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="atelier"'
