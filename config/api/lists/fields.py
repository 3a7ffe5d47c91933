"""The fields of a read model: where a value comes from, its JSON text in SQL, and its plain serializer field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models
from django.db.models import ExpressionWrapper, F, OuterRef, Q
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.errors import spoken
from config.sql.json_text import (
    JsonArray,
    JsonBoolean,
    JsonDocument,
    JsonError,
    JsonFloat,
    JsonInteger,
    JsonObject,
    JsonString,
    JsonText,
    JsonTime,
    JsonUuid,
)

if TYPE_CHECKING:
    from config.api.lists.read_models import ReadModel


def model_field(model: type[models.Model], path: str) -> tuple[Any, bool]:
    """The model field at the end of a lookup path, and whether anything on the way there may be NULL."""
    fields = list(_steps(model, path))
    null = any(
        getattr(field, "null", False) or (field.auto_created and field.is_relation) for field in fields
    )
    return fields[-1], null


def leads_to_many(model: type[models.Model], path: str) -> bool:
    """Whether a lookup path has several values for one row."""
    return any(field.one_to_many or field.many_to_many for field in _steps(model, path))


def _steps(model: type[models.Model], path: str) -> Iterator[Any]:
    """Raises FieldDoesNotExist."""
    for step in path.split("__"):
        field: Any = model._meta.pk if step == "pk" else model._meta.get_field(step)
        yield field
        model = field.related_model


class Field:
    """One member of the answer.

    `source` is a lookup path from the read model's model and defaults to the member's name; `expression` computes the
    value instead. `null` is known for a source and must be given for an expression that can be NULL.
    """

    json_text: ClassVar[type[JsonText]]
    plain_field: ClassVar[type[serializers.Field[Any, Any, Any, Any]]]

    #: What the documentation shows of a member that has no `example` of its own.
    sample: ClassVar[Any] = None

    def __init__(
        self,
        source: str | None = None,
        *,
        expression: Any = None,
        null: bool | None = None,
        help: str = "",
        example: Any = None,
    ) -> None:
        if source is not None and expression is not None:
            raise ImproperlyConfigured("a field has a source or an expression, not both")
        self.name = ""
        self.source = source
        self.expression = expression
        self.given_null = null
        self.help = help
        self.own_example = example

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def path(self) -> str:
        return self.source or self.name

    @property
    def example(self) -> Any:
        """What the documentation shows."""
        return self.sample if self.own_example is None else self.own_example

    def may_be_null(self, model: type[models.Model]) -> bool:
        if self.given_null is not None or self.expression is not None:
            return bool(self.given_null)
        return model_field(model, self.path)[1]

    def check(self, model: type[models.Model]) -> None:
        """Raises ImproperlyConfigured when the model has no such field."""
        if self.expression is None:
            try:
                model_field(model, self.path)
            except FieldDoesNotExist as error:
                raise ImproperlyConfigured(f"read model field {self.name!r}: {error}") from error

    def json(self, model: type[models.Model], prefix: str) -> Any:
        """The expression of this member's JSON text; `model` stands at `prefix` (`""` or `"project__"`)."""
        if self.expression is None:
            return self.json_text(F(prefix + self.path), null=self.may_be_null(model))
        if prefix:
            raise ImproperlyConfigured(f"{self.name!r}: an expression can't be moved into a joined model")
        return self.json_text(self.expression, null=self.may_be_null(model))

    def plain(self, model: type[models.Model]) -> serializers.Field[Any, Any, Any, Any]:
        """The same member as a serializer field over instances of `plain_queryset`."""
        arguments: dict[str, Any] = {"read_only": True, "allow_null": self.may_be_null(model)}
        if self.help:
            arguments["help_text"] = self.help
        if self.expression is not None:
            arguments["source"] = annotation_name(self.name)
        elif (source := self._instance_path(model)) != self.name:
            arguments["source"] = source
        return self.plain_field(**{**arguments, **self.plain_arguments()})

    def plain_arguments(self) -> dict[str, Any]:
        """More arguments for the plain field."""
        return {}

    def _instance_path(self, model: type[models.Model]) -> str:
        """`job__parent` → `job.parent_id`: the attribute path of the value itself, never of a related object."""
        *steps, last = self.path.split("__")
        field, _ = model_field(model, self.path)
        if field.is_relation:
            last = field.attname if field.concrete else f"{last}.pk"
        return ".".join([*steps, last])


def annotation_name(name: str) -> str:
    """What the plain queryset calls a computed member: it may not be called like a field of the model."""
    return f"computed_{name}"


class Uuid(Field):
    sample = "019a6f5e-7c1d-7a40-9d55-2f0f3f1c5b11"
    json_text = JsonUuid
    plain_field = serializers.UUIDField


class Text(Field):
    sample = ""
    json_text = JsonString
    plain_field: ClassVar[type[serializers.Field[Any, Any, Any, Any]]] = serializers.CharField


class Choice(Text):
    """Text out of a closed set, which the schema shows."""

    plain_field = serializers.ChoiceField

    def __init__(self, choices: Iterable[str], source: str | None = None, **options: Any) -> None:
        super().__init__(source, **options)
        self.choices = tuple(str(choice) for choice in choices)

    @property
    def example(self) -> Any:
        return self.choices[0] if self.own_example is None else self.own_example

    def plain_arguments(self) -> dict[str, Any]:
        return {"choices": [(choice, choice) for choice in self.choices]}


class Int(Field):
    sample = 1
    json_text = JsonInteger
    plain_field = serializers.IntegerField


class Float(Field):
    sample = 1.5
    json_text = JsonFloat
    plain_field = serializers.FloatField


class Bool(Field):
    sample = False
    json_text = JsonBoolean
    plain_field = serializers.BooleanField


def truth(condition: Q) -> ExpressionWrapper:
    """For a `Bool`: whether the row fulfils the condition."""
    return ExpressionWrapper(condition, output_field=models.BooleanField())


class Time(Field):
    sample = "2026-01-31T08:00:00.000000Z"
    json_text = JsonTime
    plain_field = serializers.DateTimeField


class Json(Field):
    """A JSON column as it is, or an expression with a JSONField as its output. `shape` describes it in the schema."""

    json_text = JsonDocument
    plain_field = serializers.JSONField

    def __init__(
        self,
        source: str | None = None,
        *,
        shape: type[serializers.Field[Any, Any, Any, Any]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(source, **options)
        if shape is not None:
            # A class of its own: what is written on an instance is lost when serializers copy their fields.
            described = type(f"{shape.__name__}Field", (self.plain_field,), {})
            self.plain_field = extend_schema_field(shape)(described)  # type: ignore[assignment, misc]
        self.shape = shape

    def plain_arguments(self) -> dict[str, Any]:
        # Any JSON includes null; "any or null" would offer two schemas that a null fits.
        return {} if self.shape is not None else {"allow_null": False, "default": None}


class ErrorIn(serializers.JSONField):
    """The plain way to show a stored error in the reader's language."""

    def __init__(self, *, within: str = "", **options: Any) -> None:
        self.within = within
        super().__init__(**options)

    def to_representation(self, value: Any) -> Any:
        language = get_language() or "en"
        if not self.within:
            return spoken(value, language)
        inner = value.get(self.within) if isinstance(value, dict) else None
        return {**value, self.within: spoken(inner, language)} if isinstance(inner, dict) else value


class StoredError(Json):
    """A JSON column with a stored error, or with one as its member `within`, in the reader's language."""

    plain_field = ErrorIn

    def __init__(self, source: str | None = None, *, within: str = "", **options: Any) -> None:
        super().__init__(source, **options)
        self.within = within

    def json(self, model: type[models.Model], prefix: str) -> JsonError:
        return JsonError(F(prefix + self.path), null=self.may_be_null(model), within=self.within)

    def plain_arguments(self) -> dict[str, Any]:
        return {**super().plain_arguments(), "within": self.within}


class One(Field):
    """A related row as a nested object, joined in the same statement; null where there is none."""

    def __init__(self, read_model: type[ReadModel], source: str | None = None, *, help: str = "") -> None:
        super().__init__(source, help=help)
        self.read_model = read_model

    @property
    def example(self) -> Any:
        return self.read_model.example()

    def json(self, model: type[models.Model], prefix: str) -> JsonObject:
        path = prefix + self.path
        absent = F(path) if self.may_be_null(model) else None
        return JsonObject(self.read_model.json_members(path + "__"), absent_if_null=absent)

    def plain(self, model: type[models.Model]) -> serializers.Field[Any, Any, Any, Any]:
        from config.api.lists.plain import plain_serializer

        arguments: dict[str, Any] = {"read_only": True, "allow_null": self.may_be_null(model)}
        if self.help:
            arguments["help_text"] = self.help
        if (source := self.path.replace("__", ".")) != self.name:
            arguments["source"] = source
        return plain_serializer(self.read_model)(**arguments)


class Many(Field):
    """Related rows as a nested array, by a sub-select in the same statement. `order_by` must be total."""

    def __init__(
        self,
        read_model: type[ReadModel],
        source: str | None = None,
        *,
        order_by: Iterable[str],
        help: str = "",
    ) -> None:
        super().__init__(source, help=help)
        self.read_model = read_model
        self.order_by = tuple(order_by)

    def may_be_null(self, model: type[models.Model]) -> bool:
        return False

    @property
    def example(self) -> Any:
        return [self.read_model.example()]

    def json(self, model: type[models.Model], prefix: str) -> JsonArray:
        relation: Any = model._meta.get_field(self.path)
        back = relation.remote_field.name
        rows = self.read_model.source_model._base_manager.filter(**{back: OuterRef(f"{prefix}pk")})
        return JsonArray(rows.order_by(*self.order_by).values(json_row=self.read_model.json_row()))

    def plain(self, model: type[models.Model]) -> serializers.Field[Any, Any, Any, Any]:
        from config.api.lists.plain import plain_serializer

        arguments: dict[str, Any] = {"read_only": True, "many": True}
        if self.help:
            arguments["help_text"] = self.help
        if self.path != self.name:
            arguments["source"] = self.path
        return plain_serializer(self.read_model)(**arguments)
