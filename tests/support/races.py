"""Threads against a real database: a SQLite file, or PostgreSQL when the tests run on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.db.models import PROTECT

from accounts.models import User
from generation.models import CatalogueModel, StoredFile
from tests.conftest import make_user
from tests.support.databases import Database, fresh_database, in_use
from tests.support.patience import PATIENCE

Together = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def race_database(django_db_blocker: Any) -> Iterator[Database]:
    with django_db_blocker.unblock(), fresh_database() as database:
        yield database


@pytest.fixture
def arena(race_database: Database, django_db_blocker: Any) -> Iterator[None]:
    """The ORM of this process works on a database that other threads see too, empty at the beginning."""
    with django_db_blocker.unblock(), in_use(race_database):
        yield
        for relation in StoredFile._meta.related_objects:
            if relation.on_delete is PROTECT:  # it depends on who came first whether there are such rows
                relation.related_model._base_manager.all().delete()
        User.objects.all().delete()
        CatalogueModel.objects.all().delete()


@pytest.fixture
def alice(arena: None) -> User:
    return make_user("alice")


@pytest.fixture
def together(arena: None) -> Together:
    """Call functions at the same moment, each in a thread of its own; their results in order, or the first error."""

    def call(*functions: Callable[[], Any]) -> list[Any]:
        start = Barrier(len(functions))

        def one(function: Callable[[], Any]) -> Any:
            try:
                connection.ensure_connection()
                start.wait(PATIENCE)
                return function()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(functions)) as crew:
            return [done.result(PATIENCE) for done in [crew.submit(one, function) for function in functions]]

    return call
