"""Rows: real foreign keys that point down, and integrity that the database itself holds."""

from collections.abc import Iterable

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models

from tests.architecture.house import KERNEL, floors, house_apps

Model = type[models.Model]


def house_models() -> list[Model]:
    return [model for model in apps.get_models(include_auto_created=True) if app_of(model) in ours()]


def ours() -> set[str]:
    return {KERNEL, *house_apps()}


def app_of(model: Model) -> str:
    return model.__module__.partition(".")[0]


# -- keys ----------------------------------------------------------------------------------------------------------


def generic_keys(found: Iterable[Model]) -> set[str]:
    """Keys to whatever row: the database can't hold them together."""
    return {
        model._meta.label
        for model in found
        if model._meta.private_fields
        or any(field.related_model is ContentType for field in model._meta.concrete_fields)
    }


def test_there_are_no_generic_keys() -> None:
    assert generic_keys(house_models()) == set()


def test_the_guard_finds_generic_keys() -> None:
    from django.contrib.admin.models import LogEntry

    assert generic_keys([LogEntry]) == {"admin.LogEntry"}


def upward(edges: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Keys from one app to another that doesn't stand below it. The kernel's rows may name their owner."""
    height = {app: number for number, floor in enumerate(floors()) for app in floor}
    return {
        (low, high)
        for low, high in edges
        if low != high and low != KERNEL and height.get(high, -1) >= height.get(low, len(height))
    }


def edges() -> set[tuple[str, str]]:
    return {
        (app_of(model), app_of(field.related_model))
        for model in house_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and isinstance(field.related_model, type)
        and app_of(field.related_model) in ours()
    }


def test_keys_point_down() -> None:
    assert upward(edges()) == set()
    assert ("templates", "generation") in edges()


@pytest.mark.parametrize(
    ("edge", "is_upward"),
    [
        (("generation", "templates"), True),
        (("minutes", "templates"), True),
        (("agents", "conversations"), False),
        (("conversations", "prompts"), False),
        (("config", "accounts"), False),
    ],
)
def test_the_guard_finds_keys_that_point_up(edge: tuple[str, str], is_upward: bool) -> None:
    assert upward([edge]) == ({edge} if is_upward else set())


# -- states --------------------------------------------------------------------------------------------------------


def unchecked_statuses(found: Iterable[Model]) -> set[str]:
    """Status columns whose values the database doesn't check."""
    unchecked = set()
    for model in found:
        if not any(field.name == "status" for field in model._meta.concrete_fields):
            continue
        conditions = (
            str(one.condition) for one in model._meta.constraints if isinstance(one, models.CheckConstraint)
        )
        if not any("status__in" in condition for condition in conditions):
            unchecked.add(model._meta.label)
    return unchecked


#: Rows that the kernel deletes within a day and that nobody reads but the module that writes them.
UNCHECKED = {"platform.IdempotencyRecord"}


def test_the_database_knows_every_status() -> None:
    assert unchecked_statuses(house_models()) == UNCHECKED


def test_the_guard_finds_unchecked_statuses() -> None:
    from django_celery_results.models import TaskResult

    assert unchecked_statuses([TaskResult]) == {"django_celery_results.TaskResult"}
