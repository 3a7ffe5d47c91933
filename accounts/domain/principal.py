"""Who is asking."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """`request.user` of the API: what a view may know about the caller without a query.

    Use `request.user.pk` as `owner_id`. `is_test` marks a caller whose AI calls all go to the sandbox.
    `scopes` are those of an access token; None is a session, which may do all that the user may.
    """

    pk: UUID
    username: str
    is_staff: bool
    language: str
    is_test: bool = False
    scopes: frozenset[str] | None = None

    @property
    def id(self) -> UUID:
        return self.pk

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_anonymous(self) -> bool:
        return False

    @property
    def is_active(self) -> bool:
        """Always: who isn't active doesn't get as far as being somebody."""
        return True

    def __str__(self) -> str:
        return self.username
