"""No text is written without what is searched of it, whichever way it is written."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Upper

from accounts.models import User
from config.search.fields import SearchableModel, SearchableQuerySet, SearchText, search_field
from config.search.hits import search_hits
from config.sql.placeholders import Placeholder
from config.sql.statements import Update
from config.sql.writes import insert, insert_all, update_returning
from templates.models import Project

pytestmark = pytest.mark.django_db


def project(owner: User, name: str = "云上茶馆") -> Project:
    return Project(owner=owner, code=f"p{name}", name_zh=name, name_en="Ｔｅａ House")


def found(owner: User, term: str) -> list[str]:
    """The Chinese names of the projects that the index has for the term."""
    keys = search_hits(connection, Project, owner.pk, (term,), 10)
    return sorted(Project.objects.filter(pk__in=keys).values_list("name_zh", flat=True))


INSERTS: dict[str, Callable[[Project], Any]] = {
    "save": lambda row: row.save(),
    "bulk_create": lambda row: Project.objects.bulk_create([row]),
    "bulk_create, unless there": lambda row: Project.objects.bulk_create([row], ignore_conflicts=True),
    "insert": insert,
    "insert_all": lambda row: insert_all([row]),
    "get_or_create": lambda row: Project.objects.get_or_create(
        owner=row.owner, code=row.code, defaults={"name_zh": row.name_zh, "name_en": row.name_en}
    ),
    "base manager": lambda row: Project._base_manager.bulk_create([row]),
}


@pytest.mark.parametrize("way", INSERTS)
def test_a_new_row_is_indexed(alice: User, way: str) -> None:
    INSERTS[way](project(alice))
    assert Project.objects.get().search_text == "云上茶馆 tea house"
    for term in ("茶", "云上", "茶馆", "t", "ea", "hous"):
        assert found(alice, term) == ["云上茶馆"], term
    assert found(alice, "coffee") == []


def by_bulk_update(row: Project) -> None:
    Project.objects.bulk_update([row], ["name_zh"])


def by_upsert(row: Project) -> None:
    again = project(row.owner, row.name_zh)
    again.code = row.code
    Project.objects.bulk_create(
        [again],
        update_conflicts=True,
        unique_fields=["owner", "code"],
        update_fields=["name_zh", "search_text"],
    )


def by_partial_instance(row: Project) -> None:
    part = Project.objects.only("name_zh").get(pk=row.pk)
    part.name_zh = row.name_zh
    part.save()


UPDATES: dict[str, Callable[[Project], Any]] = {
    "save": lambda row: row.save(),
    "save of one column": lambda row: row.save(update_fields=["name_zh"]),
    "save of a part that was loaded": by_partial_instance,
    "bulk_update": by_bulk_update,
    "update_or_create": lambda row: Project.objects.update_or_create(
        pk=row.pk, defaults={"name_zh": row.name_zh}
    ),
    "bulk_create, or change": by_upsert,
}


@pytest.mark.parametrize("way", UPDATES)
def test_a_changed_row_is_indexed_anew(alice: User, way: str) -> None:
    row = project(alice)
    row.save()
    row.name_zh = "海底咖啡"
    UPDATES[way](row)
    assert Project.objects.get().search_text == "海底咖啡 tea house"
    assert found(alice, "咖啡") == ["海底咖啡"]
    assert found(alice, "茶馆") == []
    assert found(alice, "house") == ["海底咖啡"]


UPDATE = Update(
    lambda: (
        Project.objects.filter(pk=Placeholder("pk", models.UUIDField())),
        {"name_zh": Placeholder("name", models.CharField())},
    )
)
REFUSED: dict[str, Callable[[Project], Any]] = {
    "update": lambda row: Project.objects.update(name_zh="海底咖啡"),
    "update by an expression": lambda row: Project.objects.filter(pk=row.pk).update(name_en=Upper("name_en")),
    "update of what was narrowed": lambda row: Project.objects.owned_by(row.owner_id).update(name_zh="茶"),
    "update_returning": lambda row: update_returning(Project.objects.all(), {"name_zh": Value("茶")}),
    "compiled update": lambda row: UPDATE.run(pk=row.pk, name="茶"),
    "upsert of the text alone": lambda row: Project.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["owner", "code"], update_fields=["name_zh"]
    ),
}


@pytest.mark.parametrize("way", REFUSED)
def test_a_text_is_not_changed_behind_the_index(alice: User, way: str) -> None:
    row = project(alice)
    row.save()
    with pytest.raises(ImproperlyConfigured, match="name_"), transaction.atomic():
        REFUSED[way](row)
    assert found(alice, "茶馆") == ["云上茶馆"]


def test_what_is_not_searched_is_updated_as_ever(alice: User) -> None:
    project(alice).save()
    assert Project.objects.update(website="https://example.org") == 1
    assert found(alice, "茶馆") == ["云上茶馆"]


def test_a_deleted_row_is_out_of_the_index(alice: User, bob: User) -> None:
    for owner in (alice, bob):
        project(owner).save()
    Project.objects.owned_by(alice.pk).delete()
    assert search_hits(connection, Project, alice.pk, ("茶馆",), 10) == []
    assert found(bob, "茶馆") == ["云上茶馆"]


def test_the_index_is_of_the_same_transaction(alice: User) -> None:
    with transaction.atomic():
        project(alice).save()
        assert found(alice, "茶馆") == ["云上茶馆"]
        transaction.set_rollback(True)
    assert search_hits(connection, Project, alice.pk, ("茶馆",), 10) == []


def test_a_row_that_changes_hands_is_found_by_its_new_owner_only(alice: User, bob: User) -> None:
    row = project(alice)
    row.save()
    Project.objects.filter(pk=row.pk).update(owner=bob)
    assert (found(alice, "茶馆"), found(bob, "茶馆")) == ([], ["云上茶馆"])


def searched_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if search_field(model) is not None]


def test_every_searched_model_is_kept_right_by_its_own_manager() -> None:
    assert len(searched_models()) >= 6
    for model in searched_models():
        assert issubclass(model, SearchableModel), model
        assert isinstance(model._default_manager.all(), SearchableQuerySet), model
        assert not model.check(), model


def test_every_index_that_a_model_claims_is_there() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        there = {name.strip('"') for (name,) in cursor.fetchall()}
    for model in searched_models():
        table = model._meta.db_table
        names = (
            {f"{table}_search"}
            if connection.vendor == "postgresql"
            else {f"{table}_search_{event}" for event in ("insert", "update", "delete")}
        )
        assert (names <= there) == model.search_is_indexed, model  # type: ignore[attr-defined]


def test_a_searched_model_without_its_column_is_an_error() -> None:
    class Forgotten(SearchableModel):
        name = models.TextField()

        class Meta:
            app_label = "forgotten"

    assert [error.id for error in Forgotten.check()] == ["platform.E001"]


def test_the_column_says_in_its_migration_which_texts_it_is_made_from() -> None:
    _, path, names, options = SearchText("a", "b").deconstruct()
    assert (path, names, options) == ("config.search.fields.SearchText", ["a", "b"], {})
