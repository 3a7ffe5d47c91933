"""Read models: the one declaration from which an answer, a list of it and its schema come."""

from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Expression

from config.api.lists.fields import Field
from config.sql.json_text import JsonObject


class ReadModel:
    """What the API shows of a model. Subclasses name the model and declare members; they inherit their bases'.

        class ProjectBrief(ReadModel, source_model=Project):
            id = Uuid()
            name = Text("name_en", example="Cloud Tea House")

    Members appear in the order of declaration, those of the bases first. A read model is never instantiated.
    """

    source_model: ClassVar[type[models.Model]]
    members: ClassVar[dict[str, Field]] = {}

    def __init_subclass__(cls, source_model: type[models.Model] | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if source_model is not None:
            cls.source_model = source_model
        inherited = {
            name: field
            for base in reversed(cls.__mro__[1:])
            for name, field in vars(base).get("members", {}).items()
        }
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        cls.members = {**inherited, **own}
        if not hasattr(cls, "source_model") or not cls.members:
            raise ImproperlyConfigured(f"{cls.__name__} needs a source_model and members")
        for field in cls.members.values():
            field.check(cls.source_model)

    @classmethod
    def example(cls) -> dict[str, Any]:
        """What the documentation shows of a row."""
        return {name: field.example for name, field in cls.members.items()}

    @classmethod
    def json_members(cls, prefix: str = "") -> list[tuple[str, Expression]]:
        return [(name, field.json(cls.source_model, prefix)) for name, field in cls.members.items()]

    @classmethod
    def json_row(cls) -> JsonObject:
        """The whole row as one JSON text."""
        return JsonObject(cls.json_members())
