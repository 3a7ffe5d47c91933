"""Operations of migrations: the column of texts is filled, and the index made, without holding up who writes.

PostgreSQL has a GIN index of `search_grams(owner_id, search_text)`, computed by the database itself. SQLite has an FTS5
table that takes the same pieces as words, and triggers that keep it; `…_search_rows` numbers the rows, because their
own numbers may change (VACUUM).
"""

from typing import Any

from django.db import models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from config.search.fields import SEARCH_TEXT, search_field

ROWS_AT_ONCE = 1000

SQLITE_INDEX = (
    'CREATE TABLE "{t}_search_rows" (id integer PRIMARY KEY, row char(32) NOT NULL UNIQUE)',
    """CREATE VIRTUAL TABLE "{t}_search"
        USING fts5(grams, content='', columnsize=0, detail=none, tokenize='ascii')""",
    'INSERT INTO "{t}_search_rows" (row) SELECT id FROM "{t}" ORDER BY id',
    """INSERT INTO "{t}_search" (rowid, grams) SELECT entry.id, search_grams(owner_id, search_text)
        FROM "{t}_search_rows" entry JOIN "{t}" ON "{t}".id = entry.row""",
    """CREATE TRIGGER "{t}_search_insert" AFTER INSERT ON "{t}" BEGIN
        INSERT INTO "{t}_search_rows" (row) VALUES (NEW.id);
        INSERT INTO "{t}_search" (rowid, grams)
            SELECT id, search_grams(NEW.owner_id, NEW.search_text) FROM "{t}_search_rows" WHERE row = NEW.id;
    END""",
    """CREATE TRIGGER "{t}_search_update" AFTER UPDATE OF search_text, owner_id ON "{t}"
    WHEN OLD.search_text <> NEW.search_text OR OLD.owner_id <> NEW.owner_id BEGIN
        INSERT INTO "{t}_search" ("{t}_search", rowid, grams) SELECT
            'delete', id, search_grams(OLD.owner_id, OLD.search_text) FROM "{t}_search_rows" WHERE row = OLD.id;
        INSERT INTO "{t}_search" (rowid, grams)
            SELECT id, search_grams(NEW.owner_id, NEW.search_text) FROM "{t}_search_rows" WHERE row = NEW.id;
    END""",
    """CREATE TRIGGER "{t}_search_delete" AFTER DELETE ON "{t}" BEGIN
        INSERT INTO "{t}_search" ("{t}_search", rowid, grams) SELECT
            'delete', id, search_grams(OLD.owner_id, OLD.search_text) FROM "{t}_search_rows" WHERE row = OLD.id;
        DELETE FROM "{t}_search_rows" WHERE row = OLD.id;
    END""",
)
SQLITE_DROP = (
    'DROP TRIGGER IF EXISTS "{t}_search_insert"',
    'DROP TRIGGER IF EXISTS "{t}_search_update"',
    'DROP TRIGGER IF EXISTS "{t}_search_delete"',
    'DROP TABLE IF EXISTS "{t}_search"',
    'DROP TABLE IF EXISTS "{t}_search_rows"',
)


class BuildSearch(Operation):
    """Stands behind the `AddField` of a `SearchText`, in a migration that isn't atomic, and may run again.

    Depends on the migration `("platform", "0003_search")`.
    """

    reversible = True

    def __init__(self, model_name: str, *, index: bool = True) -> None:
        self.model_name = model_name
        self.index = index

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        fill(model, schema_editor.connection.alias)
        if self.index:
            drop_index(model, schema_editor)
            make_index(model, schema_editor)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.index and self.allow_migrate_model(schema_editor.connection.alias, model):
            drop_index(model, schema_editor)

    def describe(self) -> str:
        return f"Fill and index the texts of {self.model_name} for searches"


def fill(model: type[models.Model], alias: str) -> None:
    """Compute the texts of all rows, some at a time, each locked while it is."""
    field = search_field(model)
    if field is None:
        raise ValueError(f"{model.__name__} has no SearchText")
    every = model._base_manager.using(alias).order_by("pk").only("pk", *field.computed_from)
    last: Any = None
    while True:
        with transaction.atomic(alias):
            rows = every if last is None else every.filter(pk__gt=last)
            batch = list(rows.select_for_update()[:ROWS_AT_ONCE])
            for row in batch:
                field.pre_save(row, False)
            model._base_manager.using(alias).bulk_update(batch, [SEARCH_TEXT], batch_size=200)
        if len(batch) < ROWS_AT_ONCE:
            return
        last = batch[-1].pk


def make_index(model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
    table = model._meta.db_table
    if schema_editor.connection.vendor != "postgresql":
        for statement in SQLITE_INDEX:
            schema_editor.execute(statement.format(t=table))
        return
    schema_editor.execute(
        f'CREATE INDEX {_concurrently(schema_editor)} "{table}_search" ON "{table}" USING gin '
        '((search_grams(owner_id, search_text) COLLATE "C"))'
    )
    # Nobody plans by what the pieces are like (see `search_hits`), and to find out costs as much as indexing them.
    schema_editor.execute(f'ALTER INDEX "{table}_search" ALTER COLUMN 1 SET STATISTICS 0')


def rebuild_indexes(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Compute the pieces of all texts anew, for a migration that changes what they are. Searches go on meanwhile."""
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor != "postgresql":
            cursor.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%%USING fts5(grams,%%'")
            statements = [
                statement.format(t=name.removesuffix("_search"))
                for (name,) in cursor.fetchall()
                for statement in (*SQLITE_DROP, *SQLITE_INDEX)
            ]
        else:
            cursor.execute(
                "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid "
                "WHERE pg_get_indexdef(oid) LIKE '%%search_grams(owner_id%%'"
            )
            statements = [
                f'REINDEX INDEX {_concurrently(schema_editor)} "{name}"' for (name,) in cursor.fetchall()
            ]
    for statement in statements:
        schema_editor.execute(statement)


def drop_index(model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
    table = model._meta.db_table
    if schema_editor.connection.vendor != "postgresql":
        for statement in SQLITE_DROP:
            schema_editor.execute(statement.format(t=table))
        return
    schema_editor.execute(f'DROP INDEX {_concurrently(schema_editor)} IF EXISTS "{table}_search"')


def _concurrently(schema_editor: BaseDatabaseSchemaEditor) -> str:
    return "" if schema_editor.connection.in_atomic_block else "CONCURRENTLY"
