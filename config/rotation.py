"""Encrypts stored secrets again by the newest key, while the server runs.

Rows are walked by primary key, a batch at a time: read and encrypted without a transaction, then written in a short
one. Each UPDATE compares the encrypted text that was read, so that what somebody changes at the same moment is never
overwritten. What is done is done: after a kill the next run goes on with what is left.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models, transaction

from config.crypto import EncryptedTextField, Secret, current_key_id, is_current, key_id, key_id_of, keys
from config.errors import SecretUnreadableError


@dataclass(frozen=True, slots=True)
class Column:
    """An encrypted column of a table."""

    model: type[models.Model]
    name: str

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    def rows(self, *, with_current: bool = False) -> models.QuerySet[Any]:
        """Those that hold a secret which an older key has encrypted, or all that hold one."""
        filled = self.model._base_manager.filter(**{f"{self.name}__isnull": False})
        if with_current:
            return filled
        return filled.exclude(**{f"{self.name}__startswith": f"{current_key_id()}:"})

    def batches(self, size: int, *, with_current: bool = False) -> Iterator[list[tuple[Any, str]]]:
        """Keys and encrypted texts, by key; what is added meanwhile stands at the end and is met, too."""
        rows = self.rows(with_current=with_current).order_by("pk").values_list("pk", self.name)
        batch = rows[:size]
        while found := [(key, secret.stored) for key, secret in batch]:
            yield found
            batch = rows.filter(pk__gt=found[-1][0])[:size]


@dataclass(slots=True)
class Outcome:
    """What became of rows: `rotated` are by the newest key now, `overtaken` were changed by somebody else at the same
    moment, `current` needed nothing. `unreadable` counts by the id of the key that is missing; a row without an id, or
    by a key that we have, is damaged and counted under the empty text."""

    rotated: int = 0
    overtaken: int = 0
    current: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)

    @property
    def seen(self) -> int:
        return self.rotated + self.overtaken + self.current + self.unreadable.total()

    def add(self, other: "Outcome") -> None:
        self.rotated += other.rotated
        self.overtaken += other.overtaken
        self.current += other.current
        self.unreadable.update(other.unreadable)


def encrypted_columns() -> list[Column]:
    """Every encrypted column of every table, in the order of their names."""
    found = [
        Column(model, one.name)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for one in model._meta.local_concrete_fields
        if isinstance(one, EncryptedTextField)
    ]
    return sorted(found, key=str)


def rotate(column: Column, batch_size: int) -> Iterator[Outcome]:
    """Encrypt again what an older key has encrypted; yields what became of each batch once it is committed."""
    for batch in column.batches(batch_size):
        outcome = Outcome()
        fresh = []
        for key, stored in batch:
            try:
                fresh.append((key, stored, Secret(Secret(stored=stored).reveal()).stored))
            except SecretUnreadableError:
                outcome.unreadable[missing_key_id(stored)] += 1
        with transaction.atomic():
            for key, stored, renewed in fresh:
                outcome.rotated += _replace(column, key, stored, renewed)
        outcome.overtaken = len(fresh) - outcome.rotated
        yield outcome


def inspect(column: Column, batch_size: int) -> Iterator[Outcome]:
    """The same without changing anything, over all rows; `rotated` counts those that would be."""
    for batch in column.batches(batch_size, with_current=True):
        outcome = Outcome()
        for _key, stored in batch:
            try:
                Secret(stored=stored).reveal()
            except SecretUnreadableError:
                outcome.unreadable[missing_key_id(stored)] += 1
            else:
                outcome.current += is_current(stored)
                outcome.rotated += not is_current(stored)
        yield outcome


def missing_key_id(stored: str) -> str:
    """The id of the key that would decrypt it; empty when we have that key and the text is damaged all the same."""
    name = key_id_of(stored)
    return "" if name in {key_id(key) for key in keys()} else name


def _replace(column: Column, key: Any, stored: str, renewed: str) -> int:
    mine = column.model._base_manager.filter(**{"pk": key, column.name: Secret(stored=stored)})
    return mine.update(**{column.name: Secret(stored=renewed)})
