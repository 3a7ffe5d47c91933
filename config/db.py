"""What every model of the house shares: UUIDv7 keys, timestamps, and the way to let go of a connection."""

import uuid
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, Self, TypeVar

import uuid_utils.compat
from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=models.Model, covariant=True)


def uuid7() -> uuid.UUID:
    """A time-ordered key: new rows land at the right edge of every index (RFC 9562, version 7)."""
    return uuid_utils.compat.uuid7()


def uuid7_floor(moment: datetime) -> uuid.UUID:
    """The smallest key that could have been made at this time: rows are found by age without an index of it."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)


class BaseModel(models.Model):
    """Abstract root of all rows that the API shows: key, creation and change times (UTC)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)

    class Meta:
        abstract = True


class OwnedQuerySet(models.QuerySet[Row]):
    """Rows that belong to somebody. Every read on an owner's behalf starts here."""

    def owned_by(self, owner_id: object) -> Self:
        return self.filter(owner_id=owner_id)


class OwnedModel(BaseModel):
    """Abstract root of rows that belong to an account and go with it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="+"
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True


def release_connection() -> None:
    """Give this thread's PostgreSQL connection back to the pool before a slow call.

    A hundred threads that wait for a model share ten connections only because none of them holds one while it
    waits. On SQLite a connection costs nothing to keep and some PRAGMAs to open, so it stays. Inside a
    transaction this would lose work, so it does nothing there (and a slow call there is a bug of the caller).
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block and not settings.KEEP_CONNECTIONS:
        connection.close()


def savepoint() -> AbstractContextManager[None]:
    """Around one statement that may break a constraint: inside a transaction a savepoint, otherwise nothing.

    A single statement is its own transaction, and BEGIN and COMMIT around it are two more trips to the database.
    """
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def delete_raw(rows: models.QuerySet[Any]) -> int:
    """Delete by one statement, without loading a row; returns how many went.

    Nothing cascades: what points at the rows must be gone or go in the same transaction, at whose end the database
    checks it.
    """
    return int(rows.order_by()._raw_delete(rows.db))  # type: ignore[attr-defined]


def delete_chunk(rows: models.QuerySet[Any], limit: int) -> int:
    """`delete_raw` for at most so many of the rows."""
    chosen = rows.order_by().values("pk")[:limit]
    return delete_raw(rows.model._base_manager.filter(pk__in=chosen))


def delete_in_chunks(rows: models.QuerySet[Any], size: int = 5_000) -> int:
    """Delete all of the rows, so many in a transaction that others get to write in between; returns how many went."""
    deleted = 0
    while True:
        gone = delete_chunk(rows, size)
        deleted += gone
        if gone < size:
            return deleted
