"""The audit of staff: what is written down of their doing, in the admin and at the API's doors for staff.

The kernel knows no app, so `accounts` registers who writes the entries. An entry is part of what was done: call
`record` in its transaction, and neither is there without the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Model, QuerySet

from config.logs import REMOVED, SECRET_NAME, redact

#: Longer texts are cut: an entry says what was changed, it is no copy of it.
VALUE_LENGTH = 500
LIST_LENGTH = 100
NAME_LENGTH = 200


class Actor(Protocol):
    """Who did it: a user's row in the admin, what a view knows of its caller in the API."""

    @property
    def pk(self) -> Any: ...
    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a member of staff did. `changes` maps each field to `{"from": …, "to": …}`, or tells figures."""

    actor_id: UUID
    actor_name: str
    action: str
    object_type: str = ""
    object_id: str = ""
    object_name: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)


Recorder = Callable[[Sequence[Entry]], None]

_recorders: list[Recorder] = []
_pages: list[str] = []


def register(recorder: Recorder, *, page: str) -> None:
    """Have entries written by this one, and read at this named route of the admin, which takes a row's id as `q`.

    Called by the app that owns the table, in `ready`.
    """
    _recorders[:], _pages[:] = [recorder], [page]


def page() -> str:
    """The route at which entries are read."""
    return _pages[0]


def record(
    actor: Actor, action: str, row: Model | None = None, *, changes: Mapping[str, Any] | None = None
) -> None:
    """Write down that the actor did this, to the row if there is one."""
    record_named(actor, action, named(row) if row is not None else {}, changes=changes)


def record_named(
    actor: Actor, action: str, names: Mapping[str, str], *, changes: Mapping[str, Any] | None = None
) -> None:
    """`record` for a row that may be gone by now: `names` is what `named` said of it before."""
    _write([_entry(actor, action, names, changes or {})])


def record_all(actor: Actor, action: str, rows: Iterable[Model]) -> None:
    """`record` for many rows, with few statements."""
    _write([_entry(actor, action, named(row), {}) for row in rows])


def named(row: Model) -> dict[str, str]:
    """How an entry names a row."""
    return {
        "object_type": row._meta.label_lower,
        "object_id": str(row.pk),
        "object_name": str(row)[:NAME_LENGTH],
    }


def _entry(actor: Actor, action: str, names: Mapping[str, str], changes: Mapping[str, Any]) -> Entry:
    return Entry(actor.pk, str(actor), action, **names, changes=dict(changes))


def _write(entries: Sequence[Entry]) -> None:
    if not _recorders:
        raise RuntimeError("Nobody writes the audit: staff may do nothing that can't be written down.")
    for recorder in _recorders:
        recorder(entries)


# -- what a form changed -------------------------------------------------------------------------------------------


def differences(form: Any, formsets: Iterable[Any] | None) -> dict[str, Any]:
    """What the admin's forms changed: each field's old and new value, secrets without either.

    The rows of an inline stand under their model's name and key, a deleted one with nothing it was changed to.
    """
    changes = _differences_of(form)
    for formset in formsets or ():
        deleted = list(formset.deleted_forms)
        for inner in formset.forms:
            meta = inner.instance._meta
            name = f"{meta.model_name} {inner.instance.pk or inner.initial.get(meta.pk.name)}"
            if inner in deleted:
                changes[name] = {"from": shown(str(inner.instance)), "to": None}
            elif inner.has_changed():
                changes[name] = _differences_of(inner)
    return changes


def _differences_of(form: Any) -> dict[str, Any]:
    given = form.cleaned_data
    return {name: _pair(name, form.initial.get(name), given.get(name)) for name in form.changed_data}


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` for those names of `after` whose values differ, secrets without either value."""
    return {
        name: _pair(name, before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value
    }


def _pair(name: str, before: Any, after: Any) -> dict[str, Any]:
    if SECRET_NAME.search(name):
        return {"from": REMOVED, "to": REMOVED}
    return {"from": shown(before, name), "to": shown(after, name)}


def shown(value: Any, name: str = "") -> Any:
    """A value as JSON can keep it and people can read it, without what looks like a secret."""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, QuerySet | list | tuple | set):
        return [shown(item) for item in list(value)[:LIST_LENGTH]]
    if isinstance(value, Mapping):
        return {str(key): shown(item, str(key)) for key, item in value.items()}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal | UUID):
        return str(value)
    text = redact(str(value), name)
    return text if len(text) <= VALUE_LENGTH else f"{text[: VALUE_LENGTH - 1]}…"
