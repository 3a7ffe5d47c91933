"""The column that holds a row's folded texts, and what keeps it right however a row is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar, TypeVar

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import OwnedQuerySet
from config.search.folding import folded_words

#: What the column is called: the indexes' SQL names it.
SEARCH_TEXT = "search_text"

Row = TypeVar("Row", bound=models.Model, covariant=True)


class SearchText(models.TextField):  # type: ignore[type-arg]
    """The folded texts of the named fields of the same row. Written with the row, never by hand."""

    non_db_attrs = (*models.TextField.non_db_attrs, "computed_from")

    def __init__(self, *names: str, **options: Any) -> None:
        self.computed_from = names
        options |= {"editable": False, "default": "", "blank": True}
        super().__init__(options.pop("verbose_name", _("text for searches")), **options)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        text = self.computed(model_instance)
        setattr(model_instance, self.attname, text)
        return text

    def computed(self, row: models.Model) -> str:
        return folded_words(getattr(row, name) or "" for name in self.computed_from)

    def deconstruct(self) -> Any:
        name, path, _args, options = super().deconstruct()
        for fixed in ("editable", "default", "blank", "verbose_name"):
            options.pop(fixed, None)
        return name, path, list(self.computed_from), options


def search_field(model: type[models.Model]) -> SearchText | None:
    """The column in which the model's rows are searched, if they are."""
    return next((one for one in model._meta.concrete_fields if isinstance(one, SearchText)), None)


def require_search_text(model: type[models.Model], written: Collection[str]) -> None:
    """Refuse a write of texts that would leave what is searched behind. Raises ImproperlyConfigured."""
    field = search_field(model)
    if field is None or SEARCH_TEXT in written:
        return
    if texts := sorted(set(field.computed_from).intersection(written)):
        raise ImproperlyConfigured(
            f"{model.__name__}: {', '.join(texts)} can be searched, so change the rows and save them (bulk_update)"
        )


class SearchableQuerySet(OwnedQuerySet[Row]):
    """Writes what is searched along with the texts, or refuses."""

    def update(self, **values: Any) -> int:
        require_search_text(self.model, values)
        return super().update(**values)

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows, names = list(objs), list(fields)
        field = search_field(self.model)
        if field is not None and set(field.computed_from).intersection(names):
            names = list({*names, SEARCH_TEXT})
            for row in rows:
                field.pre_save(row, False)
        return super().bulk_update(rows, names, batch_size)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        if updated := options.get("update_fields"):
            require_search_text(self.model, updated)
        return super().bulk_create(objs, *args, **options)


class SearchableModel(models.Model):
    """Rows that a list's `SearchFilter` finds by their texts.

        class Note(SearchableModel, OwnedModel):
            text = models.TextField()
            search_text = SearchText("text")

    and in the migration that adds the column, after that, `BuildSearch("note")`. A model of which nobody has more than
    some thousand rows needs no index: `search_is_indexed = False` and `BuildSearch("note", index=False)`. What is
    indexed has an `owner_id`.
    """

    search_is_indexed: ClassVar[bool] = True

    objects = SearchableQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        field = search_field(type(self))
        names: Sequence[str] | None = options.get("update_fields")
        if field is not None and names and set(field.computed_from).intersection(names):
            options["update_fields"] = {*names, SEARCH_TEXT}
        elif SEARCH_TEXT in self.get_deferred_fields():
            setattr(self, SEARCH_TEXT, "")  # Django saves no column that it hasn't loaded
        super().save(*args, **options)

    @classmethod
    def check(cls, **options: Any) -> list[checks.CheckMessage]:
        found = super().check(**options)
        field = search_field(cls)
        if getattr(field, "name", "") != SEARCH_TEXT or not isinstance(
            cls._default_manager.all(), SearchableQuerySet
        ):
            text = f"{cls.__name__} needs a field search_text = SearchText(…) and a manager of a SearchableQuerySet."
            found.append(checks.Error(text, obj=cls, id="platform.E001"))
        return found
