"""Conditions along a tree of rows that name the row above them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, F, Func

from config.sql.compiler import Sql


class IsOnPathTo(Func):
    """Whether a row is the one with this key or one of those above it, along the foreign key called `parent`.

    `most`: how many rows there are of these at most, from the key upwards.
    """

    output_field = models.BooleanField()

    def __init__(self, model: type[models.Model], key: Expression, *, most: int = 2**31 - 1) -> None:
        super().__init__(F("pk"), key)
        self.table = model._meta.db_table
        self.most = most

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        table = connection.ops.quote_name(self.table)
        begin = f"SELECT id, parent_id, 1 FROM {table} WHERE id = "  # noqa: S608 — a table's own name
        above = (
            f"SELECT above.id, above.parent_id, path.far + 1 FROM {table} above "  # noqa: S608
            f"JOIN path ON above.id = path.parent_id WHERE path.far < {int(self.most)}"
        )
        return super().as_sql(
            compiler,
            connection,
            template=f"%(expressions)s UNION ALL {above}) SELECT id FROM path)",  # noqa: S608
            arg_joiner=f" IN (WITH RECURSIVE path(id, parent_id, far) AS ({begin}",
            **extra,
        )
