"""ORM expressions that write JSON text inside the database, alike on PostgreSQL and SQLite.

Every expression here yields one non-NULL text that is a valid JSON value. Rows are put together by concatenation: on
both databases that is the cheapest way, and it keeps the members in the order in which they were declared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    CharField,
    Count,
    Expression,
    Func,
    JSONField,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from config.sql.compiler import Sql
from config.sql.placeholders import Placeholder

#: Filled by whoever reads for somebody: `zh` or `en`.
READER_LANGUAGE = Placeholder(":language", CharField())
#: Filled likewise: what addresses of this server begin with.
HERE = Placeholder(":here", CharField())


class JsonText(Func):
    """The JSON text of one expression. `null` says whether that may be NULL (and then becomes JSON's null)."""

    #: Whether the text stands between quotation marks that the object around it may write as part of its own text.
    quoted: ClassVar[bool] = False

    def __init__(self, expression: Any, *, null: bool) -> None:
        super().__init__(expression, output_field=TextField())
        self.null = null

    def text(self, sql: str, vendor: str) -> str:
        """SQL that turns a non-NULL value into text (without quotation marks if `quoted`)."""
        raise NotImplementedError

    def inner_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        mentions = self.text("\0", connection.vendor).count("\0")
        return self.text(sql, connection.vendor), list(params) * mentions

    @property
    def has_bare_text(self) -> bool:
        """Whether `inner_sql` may be used between quotation marks: it can't be NULL then."""
        return self.quoted and not self.null

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        sql, params = self.inner_sql(compiler, connection)
        if self.quoted:
            sql = f"""('"' || {sql} || '"')"""
        if self.null:
            sql = f"COALESCE({sql}, 'null')"
        return sql, params


class JsonString(JsonText):
    def text(self, sql: str, vendor: str) -> str:
        return f"TO_JSON(({sql})::text)::text" if vendor == "postgresql" else f"JSON_QUOTE({sql})"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        if connection.vendor != "postgresql":  # JSON_QUOTE(NULL) is 'null' already.
            return self.inner_sql(compiler, connection)
        return super().as_sql(compiler, connection, **extra)


class JsonUuid(JsonText):
    quoted = True

    def text(self, sql: str, vendor: str) -> str:
        if vendor == "postgresql":
            return f"({sql})::text"
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return "(" + " || '-' || ".join(f"SUBSTR({sql}, {start}, {length})" for start, length in parts) + ")"


class JsonAddress(JsonUuid):
    """An address of this server with the key in it, between `before` and `after`."""

    def __init__(self, expression: Any, *, before: str, after: str) -> None:
        super().__init__(expression, null=False)
        self.before, self.after = before, after

    def inner_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        key, params = super().inner_sql(compiler, connection)
        before, after = (text.replace("'", "''").replace("%", "%%") for text in (self.before, self.after))
        return f"(CAST(%s AS TEXT) || '{before}' || {key} || '{after}')", [HERE, *params]


class JsonInteger(JsonText):
    def text(self, sql: str, vendor: str) -> str:
        return f"({sql})::text" if vendor == "postgresql" else f"CAST({sql} AS TEXT)"


class JsonFloat(JsonText):
    """All digits that are needed to read the same number again."""

    def text(self, sql: str, vendor: str) -> str:
        return f"({sql})::text" if vendor == "postgresql" else f"PRINTF('%%!.17g', {sql})"

    def inner_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        """PRINTF would write 0.0 for NULL."""
        sql, params = super().inner_sql(compiler, connection)
        if not self.null or connection.vendor == "postgresql":
            return sql, params
        value, again = compiler.compile(self.source_expressions[0])
        return f"CASE WHEN {value} IS NOT NULL THEN {sql} END", [*again, *params]


class JsonBoolean(JsonText):
    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        if self.null:
            return f"CASE ({sql}) WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' ELSE 'null' END", list(params)
        return f"CASE WHEN {sql} THEN 'true' ELSE 'false' END", list(params)


class JsonTime(JsonText):
    """UTC with six digits, as `REST_FRAMEWORK["DATETIME_FORMAT"]`. SQLite stores such text, without a zero fraction."""

    quoted = True

    def text(self, sql: str, vendor: str) -> str:
        if vendor == "postgresql":
            return f"""TO_CHAR({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        date, clock = f"SUBSTR({sql}, 1, 10)", f"SUBSTR({sql}, 12, 8)"
        return f"({date} || 'T' || {clock} || '.' || SUBSTR(SUBSTR({sql}, 21) || '000000', 1, 6) || 'Z')"


class JsonDocument(JsonText):
    """A column (or expression) that holds JSON already."""

    def text(self, sql: str, vendor: str) -> str:
        return f"({sql})::text" if vendor == "postgresql" else f"CAST({sql} AS TEXT)"


class JsonError(JsonText):
    """A JSON column with a stored error, in the reader's language (as `config.errors.spoken` has it).

    The column is the error, or has it as its member `within`. Where there is none, it is left as it is.
    """

    def __init__(self, expression: Any, *, null: bool, within: str = "") -> None:
        super().__init__(expression, null=null)
        self.within = within

    def inner_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        column, _ = compiler.compile(self.source_expressions[0])
        steps = [self.within] if self.within else []
        if connection.vendor == "postgresql":
            message, chinese = ("'{" + ",".join([*steps, name]) + "}'" for name in ("message", "message_zh"))
            spoken = f"CASE %s::text WHEN 'zh' THEN {column} #> {chinese} ELSE {column} #> {message} END"
            changed = f"JSONB_SET({column}, {message}, {spoken}) #- {chinese}"
            sql = f"(CASE WHEN {column} #>> {chinese} IS NULL THEN {column} ELSE {changed} END)::text"
        else:
            message, chinese = (f"'$.{'.'.join([*steps, name])}'" for name in ("message", "message_zh"))
            spoken = f"JSON_EXTRACT({column}, CASE %s WHEN 'zh' THEN {chinese} ELSE {message} END)"
            changed = f"JSON_REMOVE(JSON_SET({column}, {message}, {spoken}), {chinese})"
            there = f"JSON_EXTRACT({column}, {chinese})"
            sql = f"CAST(CASE WHEN {there} IS NULL THEN {column} ELSE {changed} END AS TEXT)"
        return sql, [READER_LANGUAGE]


class JsonObject(Func):
    """`{"name": value, …}` of JSON texts. With `absent_if_null`, JSON's null when that expression is NULL."""

    def __init__(self, members: Sequence[tuple[str, Expression]], *, absent_if_null: Any = None) -> None:
        expressions = [expression for _, expression in members]
        if absent_if_null is not None:
            expressions.append(absent_if_null)
        super().__init__(*expressions, output_field=TextField())
        self.names = tuple(name for name, _ in members)
        self.may_be_absent = absent_if_null is not None

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        pieces: list[str] = []
        params: list[Any] = []
        literal = "{"
        members = zip(self.names, self.source_expressions[: len(self.names)], strict=True)
        for index, (name, expression) in enumerate(members):
            literal += ("," if index else "") + f'"{name}":'
            if isinstance(expression, JsonText) and expression.has_bare_text:
                sql, inner = expression.inner_sql(compiler, connection)
                pieces += [f"""'{literal}"'""", sql]
                literal = '"'
            else:
                sql, inner = compiler.compile(expression)
                pieces += [f"'{literal}'", sql]
                literal = ""
            params += inner
        pieces.append(f"'{literal}}}'")
        sql = self._concatenated(pieces, connection.vendor)
        if self.may_be_absent:
            condition, inner = compiler.compile(self.source_expressions[-1])
            return f"CASE WHEN {condition} IS NULL THEN 'null' ELSE {sql} END", [*inner, *params]
        return sql, params

    @staticmethod
    def _concatenated(pieces: list[str], vendor: str) -> str:
        """PostgreSQL's CONCAT takes 100 arguments and is cheaper than a chain of operators; SQLite 3.40 has none."""
        if vendor != "postgresql":
            return "(" + " || ".join(pieces) + ")"
        while len(pieces) > 100:
            pieces = [f"CONCAT({', '.join(pieces[at : at + 100])})" for at in range(0, len(pieces), 100)]
        return f"CONCAT({', '.join(pieces)})"


class JsonArray(Subquery):
    """`[…]` of a queryset that selects one JSON text per row, in that queryset's order.

    Both databases feed an aggregate in the order of the sub-select below it when nothing stands between the two
    (PostgreSQL's manual, "Aggregate Functions"; SQLite keeps such a sub-select as it is).
    """

    output_field = TextField()

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        aggregate = "STRING_AGG" if connection.vendor == "postgresql" else "GROUP_CONCAT"
        joined = f"'[' || COALESCE({aggregate}(item.json_row, ','), '') || ']'"
        template = f"(SELECT {joined} FROM (%(subquery)s) item)"  # noqa: S608 — no value in it
        return super().as_sql(compiler, connection, template=template, **extra)


def json_counts(rows: QuerySet[Any], group: str, conditions: Mapping[str, Q]) -> Coalesce:
    """`{"name": count, …}` of related rows in one sub-select, for a `Json` member.

    `rows` are correlated by an OuterRef on `group`, the foreign key to the row that is shown; each condition is
    counted on its own.
    """
    counts = [
        (name, JsonInteger(Count("pk", filter=condition), null=False))
        for name, condition in conditions.items()
    ]
    counted = rows.order_by().values(group).annotate(json_row=JsonObject(counts)).values("json_row")
    nothing = json.dumps(dict.fromkeys(conditions, 0))
    return Coalesce(Subquery(counted), Value(nothing, output_field=TextField()), output_field=JSONField())
