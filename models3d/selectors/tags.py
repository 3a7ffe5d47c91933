"""Whether a model has a tag, so that an index of its tags can tell."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func

from config.sql.compiler import Sql


class HasTag(Func):
    """On PostgreSQL by the index of `model_tags(tags)`, whose statistics know which tags are rare."""

    output_field = BooleanField()

    def __init__(self, tag: Expression) -> None:
        super().__init__(F("tags"), tag)

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        if connection.vendor == "postgresql":
            return super().as_sql(
                compiler,
                connection,
                template="model_tags(%(expressions)s]",
                arg_joiner=") @> ARRAY[",
                **extra,
            )
        # In the order of the parameters: first the column, then the value.
        column, _ = compiler.compile(self.source_expressions[0])
        value, params = compiler.compile(self.source_expressions[1])
        return f"EXISTS (SELECT 1 FROM JSON_EACH({column}) tag WHERE tag.value = {value})", params  # noqa: S608
