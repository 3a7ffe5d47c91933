"""Deleting an account with everything that it owns, however much that is.

Django would load every row to find what points at it. Here each table is emptied of what belongs to the account by
one DELETE per way that leads from it to the account: the ways are read from the models, so that a new one needs no
word here. It all happens in one transaction, at whose end the database checks that nothing points at what is gone.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from graphlib import TopologicalSorter
from typing import Any
from uuid import UUID

import structlog
from django.apps import apps
from django.db import IntegrityError, OperationalError, connection, models, transaction

from accounts.errors import LastSuperuserError
from accounts.models import User
from accounts.selectors.keys import provider_keys_forget
from accounts.selectors.users import principal_forget
from accounts.services.admin_sessions import admin_sessions_end
from accounts.services.files import removal_create
from config.db import delete_raw

log = structlog.get_logger(__name__)

DeletionHook = Callable[[UUID], None]
Model = type[models.Model]

#: A row that slipped in meanwhile, or a deadlock with a worker: then once more.
ATTEMPTS = 3
#: Rows of one table that are counted for somebody who asks what would go.
COUNTED = 10_001

_hooks: list[DeletionHook] = []
_withdrawals: list[DeletionHook] = []


def register_deletion_hook(hook: DeletionHook) -> None:
    """Call this with the account's id in the transaction of its deletion, before its rows go: to stop what still
    works on them. Called by apps above, in `ready`."""
    if hook not in _hooks:
        _hooks.append(hook)


def register_withdrawal(hook: DeletionHook) -> None:
    """Call this with the account's id once it is locked and its rows are still there: to mend what others' rows say of
    them, such as a count. Called by apps above, in `ready`."""
    if hook not in _withdrawals:
        _withdrawals.append(hook)


def account_delete(*, user_id: UUID) -> bool:
    """Delete the account, every row that belongs to it, and (soon after) its files. False when it isn't there.

    Raises LastSuperuserError: without one nobody could make another.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _delete(user_id)
        except (IntegrityError, OperationalError):
            if connection.in_atomic_block or attempt == ATTEMPTS:
                raise
            log.info("account.deletion_repeated", user_id=str(user_id), attempt=attempt)
    raise AssertionError("the last attempt returns or raises")


@transaction.atomic
def _delete(user_id: UUID) -> bool:
    # What runs is stopped before the account is locked: a worker that holds a job waits for the account in its turn.
    for hook in _hooks:
        hook(user_id)
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        return False
    keep_a_superuser(user)
    for hook in _withdrawals:
        hook(user_id)
    for nulled in _nulled():
        nulled.of(user_id).update(**{nulled.field: None})
    for owned in _owned():
        delete_raw(owned.of(user_id))
    admin_sessions_end(user_id)
    removal_create(owner_id=user_id)
    delete_raw(User.objects.filter(pk=user_id))
    transaction.on_commit(partial(_forget, user_id))
    return True


def _forget(user_id: UUID) -> None:
    principal_forget(user_id)
    provider_keys_forget(user_id)
    log.info("account.deleted", user_id=str(user_id))


def keep_a_superuser(user: User) -> None:
    """Call this before `user` goes or stops being one. Raises LastSuperuserError: nobody could make another."""
    if not (user.is_superuser and user.is_active):
        return
    # Locked in one order: two who delete each other at the same moment don't both go.
    superusers = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    if not [one for one in superusers if one.pk != user.pk]:
        raise LastSuperuserError


def owned_counts(user_id: UUID) -> dict[Model, int]:
    """How many rows of which table would go with the account, each counted up to `COUNTED`."""
    counts: dict[Model, int] = {}
    for owned in _owned():
        if owned.model not in counts:
            counts[owned.model] = owned.of(user_id).order_by().values("pk")[:COUNTED].count()
    return {model: count for model, count in counts.items() if count}


# -- the ways from each table to the account ---------------------------------------------------------------------


class Way:
    """Rows of a model that belong to an account: `path` is the lookup from a row to its user."""

    def __init__(self, model: Model, path: str) -> None:
        self.model = model
        self.path = path

    def of(self, user_id: UUID) -> models.QuerySet[Any]:
        return models.QuerySet(self.model).filter(**{self.path: user_id})


class Nulled(Way):
    """Rows of others that only mention what goes: `field` is emptied there."""

    def __init__(self, model: Model, path: str, field: str, own: str | None) -> None:
        super().__init__(model, path)
        self.field = field
        self.own = own

    def of(self, user_id: UUID) -> models.QuerySet[Any]:
        rows = super().of(user_id)
        return rows if self.own is None else rows.exclude(**{self.own: user_id})


@lru_cache(maxsize=1)
def _owned() -> list[Way]:
    """Every way to the account, children before their parents; the shortest ways of each table first."""
    ways = {model: sorted(_paths(model), key=len) for model in _tables()}
    graph = {
        model: {key.related_model for key in _keys(model)} - {model} for model, paths in ways.items() if paths
    }
    upwards = TopologicalSorter({model: parents & graph.keys() for model, parents in graph.items()})
    return [Way(model, path) for model in reversed([*upwards.static_order()]) for path in ways[model]]


@lru_cache(maxsize=1)
def _nulled() -> list[Nulled]:
    shortest: dict[Model, str] = {}
    for way in _owned():
        shortest.setdefault(way.model, way.path)
    return [
        Nulled(model, path, key.name, shortest.get(model))
        for model in _tables()
        for key in _foreign_keys(model)
        if key.remote_field.on_delete is models.SET_NULL and not _owns(key)
        for path in _paths_through(key)
    ]


def _paths_through(key: Any) -> list[str]:
    if key.related_model is User:
        return [key.name]
    return [f"{key.name}__{way.path}" for way in _owned() if way.model is key.related_model]


def _tables() -> list[Model]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def _foreign_keys(model: Model) -> Iterator[Any]:
    return (field for field in model._meta.local_concrete_fields if isinstance(field, models.ForeignKey))


def _owns(key: Any) -> bool:
    return key.remote_field.on_delete is models.CASCADE


def _keys(model: Model) -> list[Any]:
    """The keys by which a row belongs to another, or keeps it from being deleted first."""
    return [
        key for key in _foreign_keys(model) if key.remote_field.on_delete is not models.SET_NULL or _owns(key)
    ]


def _paths(model: Model, seen: tuple[Model, ...] = ()) -> Iterator[str]:
    """Lookups from a model to its user along the keys that own, without passing a table twice."""
    for key in _foreign_keys(model):
        parent = key.related_model
        if not _owns(key) or parent is model or parent in seen:
            continue
        if parent is User:
            yield key.name
        else:
            yield from (f"{key.name}__{path}" for path in _paths(parent, (*seen, model)))
