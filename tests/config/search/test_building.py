"""Columns and indexes are made for what is there already, taken back, and outlive other changes of their table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from config.search import building
from config.search.building import BuildSearch, drop_index, fill, make_index
from config.search.grams import index_tokens
from config.search.hits import search_hits
from templates.models import Document, Project
from tests.support.databases import fresh_database, in_use
from tests.templates.factories import document_make, project_make

pytestmark = pytest.mark.django_db(databases=[])


@pytest.fixture
def owner(django_db_blocker: Any) -> Iterator[User]:
    with django_db_blocker.unblock(), fresh_database() as database, in_use(database):
        yield User.objects.create(username="owner", email="owner@example.org")


def found(owner: User, term: str) -> int:
    return len(search_hits(connection, Project, owner.pk, (term,), 10))


def test_the_index_is_built_of_what_is_there_and_kept_from_then_on(owner: User) -> None:
    project_make(owner, name_zh="云上茶馆")
    with connection.schema_editor(atomic=False) as editor:
        drop_index(Project, editor)
        project_make(owner, name_zh="海底茶馆")
        make_index(Project, editor)
    last = project_make(owner, name_zh="山中茶馆")
    assert found(owner, "茶馆") == 3
    last.delete()
    assert found(owner, "茶馆") == 2


def test_it_can_be_built_again(owner: User) -> None:
    """What broke off is repeated: on PostgreSQL an index that was being built stays behind, invalid."""
    project_make(owner, name_zh="云上茶馆")
    state = type("State", (), {"apps": type("Apps", (), {"get_model": staticmethod(lambda *_: Project)})})()
    for _ in range(2):
        with connection.schema_editor(atomic=False) as editor:
            BuildSearch("project").database_forwards("templates", editor, state, state)
    assert found(owner, "茶馆") == 1


def test_a_migration_that_changes_the_pieces_builds_the_indexes_anew(owner: User) -> None:
    with _no_pieces():
        project_make(owner, name_zh="云上茶馆")
    assert found(owner, "茶馆") == 0
    call_command("migrate", "platform", "0003", verbosity=0)
    call_command("migrate", "platform", verbosity=0)
    assert found(owner, "茶馆") == 1
    project_make(owner, name_zh="海底茶馆")
    assert found(owner, "茶馆") == 2


@contextmanager
def _no_pieces() -> Iterator[None]:
    """Rows are indexed by nothing. PostgreSQL goes on so until a migration makes the function anew."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION search_grams(owner uuid, body text) RETURNS text[] "
                "LANGUAGE sql IMMUTABLE COST 10000 AS $$SELECT '{}'::text[]$$"
            )
        yield
        return
    connection.connection.create_function("search_grams", 2, lambda *_: "")
    yield
    connection.connection.create_function("search_grams", 2, index_tokens, deterministic=True)


def test_texts_are_filled_in_batches(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "ROWS_AT_ONCE", 2)
    for number in range(5):
        project_make(owner, name_zh=f"茶馆 {number}", name_en="Ｔea")
    Project.objects.update(search_text="")
    assert found(owner, "茶馆") == 0
    fill(Project, "default")
    assert {row.search_text for row in Project.objects.all()} == {f"茶馆 {n} tea" for n in range(5)}
    assert found(owner, "茶馆") == 5


def test_migrations_go_back_and_forth_with_their_rows(owner: User) -> None:
    project_make(owner, name_zh="云上ＴＥＡ茶馆", name_en="")
    call_command("migrate", "templates", "0006", verbosity=0)
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        columns = connection.introspection.get_table_description(cursor, "templates_project")
    assert not [name for name in tables if name.startswith("templates_") and "_search" in name]
    assert "search_text" not in {column.name for column in columns}
    call_command("migrate", "templates", verbosity=0)
    assert Project.objects.get().search_text == "云上tea茶馆"
    assert found(owner, "tea茶") == 1


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL changes tables in place")
def test_sqlites_triggers_outlive_a_table_that_is_made_anew(owner: User) -> None:
    document_make(owner, title="云上茶馆")
    old: Any = Document._meta.get_field("provider")
    new = old.clone()
    new.set_attributes_from_name("provider")
    new.model, new.null = Document, True
    for before, after in ((old, new), (new, old)):
        with connection.schema_editor() as editor:
            editor.alter_field(Document, before, after)
    document_make(owner, title="海底茶馆")
    assert len(search_hits(connection, Document, owner.pk, ("茶馆",), 10)) == 2
    Document.objects.all().delete()
    assert search_hits(connection, Document, owner.pk, ("茶馆",), 10) == []
