"""The list machine: pages, cursors, filters, and what it refuses."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import orjson
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from benchmarks.documents import documents_make
from config.api.lists.fields import Text, Uuid
from config.api.lists.filters import (
    BoolFilter,
    ChoiceFilter,
    IntFilter,
    SearchFilter,
    TextFilter,
    UuidFilter,
    time_range,
)
from config.api.lists.query import read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import JsonPage, read_page, read_row
from config.api.lists.spec import ListSpec
from config.api.lists.statements import Paging, Shape, after, list_statement
from config.api.lists.views import row_source
from config.errors import CursorInvalidError, NotFoundError, PageTooDeepError, ValidationFailedError
from templates.models import Category, Document, Project
from templates.models.documents import STALE_CONDITION
from templates.selectors import document_list_for
from tests.templates.factories import content_template_make, document_make, project_make

pytestmark = pytest.mark.django_db


class Row(ReadModel, source_model=Document):
    id = Uuid()
    title = Text()


SPEC = ListSpec(
    Row,
    document_list_for,
    filters={
        "project_id": UuidFilter(),
        "language": ChoiceFilter(["zh", "en"]),
        "is_stale": BoolFilter(STALE_CONDITION),
        "category_code": TextFilter("content_template__category__code"),
        "longer_than": IntFilter("characters__gt"),
        "search": SearchFilter(),
        **time_range("created_at"),
    },
    sorts=("created_at", "updated_at", "title", "characters"),
)

Lister = Callable[..., "Listed"]


class Listed:
    """A page with its rows parsed."""

    def __init__(self, page: JsonPage) -> None:
        self.rows: list[dict[str, Any]] = orjson.loads(page.data_json)
        self.meta: Mapping[str, Any] = page.meta or {}

    @property
    def titles(self) -> list[str]:
        return [row["title"] for row in self.rows]


def listed(owner: User, spec: ListSpec = SPEC, **params: Any) -> Listed:
    query = read_list_query(spec, QueryDict(urlencode(params)))
    return Listed(read_page(spec, query, owner_id=owner.pk))


def problems(query_string: str) -> dict[str, str]:
    """Field → code of what is wrong with a query string."""
    with pytest.raises(ValidationFailedError) as caught:
        read_list_query(SPEC, QueryDict(query_string))
    assert all(problem["message"] for problem in caught.value.details["fields"])
    return {problem["field"]: problem["code"] for problem in caught.value.details["fields"]}


@pytest.fixture
def shelf(alice: User) -> list[Document]:
    """Seven documents, some made at the same instant, the newest last."""
    template = content_template_make()
    base = datetime(2026, 1, 31, 8, tzinfo=UTC)
    made = []
    for number, minute in enumerate([0, 1, 1, 1, 2, 3, 3]):
        document = document_make(
            alice,
            project=project_make(alice),
            content_template=template,
            title=f"文档 {number}",
            characters=100 - number // 2,
        )
        Document.objects.filter(pk=document.pk).update(created_at=base + timedelta(minutes=minute))
        made.append(document)
    return made


# -- pages and cursors -----------------------------------------------------------------------------------------


def test_a_page_costs_one_query_and_says_where_it_stands(
    alice: User, shelf: list[Document], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        page = listed(alice, limit=3)
    assert page.titles[0] in ("文档 5", "文档 6")
    assert page.meta["next_cursor"]
    assert {**page.meta, "next_cursor": None} == {
        "page": 1,
        "limit": 3,
        "total": 7,
        "total_is_capped": False,
        "pages": 3,
        "has_next": True,
        "next_cursor": None,
    }


def test_deeper_pages_cost_one_query_and_go_on_where_the_page_before_ended(
    alice: User, shelf: list[Document], django_assert_num_queries: Any
) -> None:
    whole = listed(alice, limit=100).titles
    with django_assert_num_queries(1):
        second = listed(alice, limit=3, page=2)
    last = listed(alice, limit=3, page=3)
    assert second.titles == whole[3:6]
    assert last.titles == whole[6:]
    assert (last.meta["has_next"], last.meta["next_cursor"]) == (False, None)


def test_behind_the_last_page_the_total_is_still_told(alice: User, shelf: list[Document]) -> None:
    page = listed(alice, limit=3, page=9)
    assert page.rows == []
    assert (page.meta["total"], page.meta["pages"], page.meta["has_next"]) == (7, 3, False)


def test_an_empty_list_has_no_pages(bob: User) -> None:
    page = listed(bob)
    assert page.rows == []
    assert (page.meta["total"], page.meta["pages"], page.meta["next_cursor"]) == (0, 0, None)


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "title", "characters"])
@pytest.mark.parametrize("direction", ["", "-"])
def test_cursors_visit_every_row_once_in_order_without_counting(
    alice: User, shelf: list[Document], sort: str, direction: str, django_assert_num_queries: Any
) -> None:
    # Times written by the database have fewer digits on SQLite than those written by Python.
    Document.objects.filter(pk__in=[shelf[1].pk, shelf[4].pk]).update(updated_at=Now())
    order = f"{direction}{sort}"
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        with django_assert_num_queries(1):
            page = listed(alice, sort=order, cursor=cursor, limit=2)
        assert (page.meta["page"], page.meta["total"], page.meta["pages"]) == (None, None, None)
        seen += page.titles
        cursor = page.meta["next_cursor"]
    assert seen == listed(alice, sort=order, limit=100).titles
    assert len(set(seen)) == len(shelf)


def test_a_page_hands_over_to_a_cursor(alice: User, shelf: list[Document]) -> None:
    whole = listed(alice, limit=100).titles
    cursor = listed(alice, limit=2, page=2).meta["next_cursor"]
    assert listed(alice, limit=100, cursor=cursor).titles == whole[4:]


def test_rows_added_while_somebody_reads_are_neither_repeated_nor_skipped(
    alice: User, shelf: list[Document]
) -> None:
    whole = listed(alice, limit=100).titles
    first = listed(alice, limit=3, cursor="")
    document_make(alice, title="来晚了")
    rest = listed(alice, limit=100, cursor=first.meta["next_cursor"])
    assert first.titles + rest.titles == whole


def test_a_cursor_belongs_to_its_list_order_filters_and_owner(
    alice: User, bob: User, shelf: list[Document]
) -> None:
    cursor = listed(alice, limit=2).meta["next_cursor"]

    def same(owner_id: UUID) -> QuerySet[Document]:
        return document_list_for(owner_id)

    other_list = ListSpec(Row, same)
    with pytest.raises(CursorInvalidError):
        listed(alice, sort="title", cursor=cursor)
    with pytest.raises(CursorInvalidError):
        listed(alice, language="zh", cursor=cursor)
    with pytest.raises(CursorInvalidError):
        listed(bob, cursor=cursor)
    query = read_list_query(other_list, QueryDict(urlencode({"cursor": cursor})))
    with pytest.raises(CursorInvalidError):
        read_page(other_list, query, owner_id=alice.pk, document_id=shelf[0].pk)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-2],
        lambda c: ("B" if c[0] == "A" else "A") + c[1:],
        lambda c: c + "!",
        lambda c: "游标",
        lambda c: "x" * 5000,
    ],
)
def test_a_forged_cursor_is_refused(alice: User, shelf: list[Document], change: Callable[[str], str]) -> None:
    cursor = listed(alice, limit=2).meta["next_cursor"]
    with pytest.raises(CursorInvalidError):
        listed(alice, limit=2, cursor=change(cursor))


def test_totals_are_capped_and_cursors_go_on_where_pages_end(
    db: None, django_assert_num_queries: Any
) -> None:
    def categories() -> QuerySet[Category]:
        return Category.objects.all()

    class CategoryRow(ReadModel, source_model=Category):
        title = Text("code")

    spec = ListSpec(CategoryRow, categories, sorts=("code",), default_sort="code")
    Category.objects.bulk_create(
        (Category(code=f"c{n:05}", name_zh="分类", name_en="Category") for n in range(10_030)), batch_size=100
    )

    def page(**params: Any) -> Listed:
        with django_assert_num_queries(1):
            return Listed(read_page(spec, read_list_query(spec, QueryDict(urlencode(params)))))

    first = page()
    assert (first.meta["total"], first.meta["total_is_capped"], first.meta["pages"]) == (10_000, True, 500)
    last = page(page=500)
    assert last.titles[-1] == "c09999"
    assert last.meta["has_next"] is True
    assert page(cursor=last.meta["next_cursor"]).titles[0] == "c10000"
    with pytest.raises(PageTooDeepError):
        read_list_query(spec, QueryDict("page=501"))


# -- what a client may ask ---------------------------------------------------------------------------------------


def test_every_unreadable_parameter_is_named_at_once() -> None:
    query = "colour=red&limit=0&page=x&sort=owner&language=fr&is_stale=1&project_id=42&created_from=gestern&search="
    assert problems(query) == {
        "colour": "unknown_parameter",
        "limit": "invalid",
        "page": "invalid",
        "sort": "unknown_sort",
        "language": "invalid",
        "is_stale": "invalid",
        "project_id": "invalid",
        "created_from": "invalid",
        "search": "invalid",
    }


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=101", "limit", "invalid"),
        ("limit=-1", "limit", "invalid"),
        ("limit=1e1", "limit", "invalid"),
        ("limit=%EF%BC%92", "limit", "invalid"),
        ("limit=", "limit", "invalid"),
        ("page=0", "page", "invalid"),
        ("page=99999999999", "page", "invalid"),
        ("sort=--title", "sort", "unknown_sort"),
        ("sort=", "sort", "unknown_sort"),
        ("language=zh&language=en", "language", "repeated"),
        ("limit=5&limit=5", "limit", "repeated"),
        ("owner_id=1", "owner_id", "unknown_parameter"),
        ("cursor=abc&page=2", "cursor", "conflict"),
        ("search=%00", "search", "invalid"),
        (f"search={'x' * 201}", "search", "invalid"),
        ("longer_than=-1", "longer_than", "invalid"),
        ("longer_than=9999999999999999999", "longer_than", "invalid"),
        ("created_from=2026-13-01", "created_from", "invalid"),
        ("created_from=0001-01-01T00:00:00%2B14:00", "created_from", "invalid"),
        ("project_id=%7B12345678-1234-1234-1234-123456789012%7D", "project_id", "invalid"),
    ],
)
def test_malformed_parameters_are_errors(query: str, field: str, code: str) -> None:
    assert problems(query) == {field: code}


def test_pages_beyond_what_pages_reach_are_refused() -> None:
    with pytest.raises(PageTooDeepError):
        read_list_query(SPEC, QueryDict("page=101&limit=100"))
    assert read_list_query(SPEC, QueryDict("page=100&limit=100")).offset == 9_900


def test_filters_narrow_and_combine(alice: User, shelf: list[Document]) -> None:
    category = content_template_make().category
    english = document_make(
        alice, title="English", language="en", source_language="en", project_fingerprint="old", characters=5
    )
    Document.objects.filter(pk=english.pk).update(content_template=content_template_make(category=category))
    assert listed(alice, language="en").titles == ["English"]
    assert listed(alice, is_stale="true").titles == ["English"]
    assert len(listed(alice, is_stale="false").rows) == 7
    assert listed(alice, category_code=category.code).titles == ["English"]
    assert listed(alice, project_id=shelf[0].project_id).titles == ["文档 0"]
    assert listed(alice, project_id=uuid4()).rows == []
    assert sorted(listed(alice, longer_than=99).titles) == ["文档 0", "文档 1"]
    assert listed(alice, language="zh", is_stale="true").rows == []
    assert listed(alice, language="zh", longer_than=98, limit=1, page=2).meta["total"] == 4


def test_time_ranges_include_their_start_and_exclude_their_end(alice: User, shelf: list[Document]) -> None:
    def between(start: str, end: str) -> list[str]:
        return sorted(listed(alice, created_from=start, created_before=end).titles)

    expected = ["文档 1", "文档 2", "文档 3"]
    assert between("2026-01-31T08:01:00Z", "2026-01-31T08:02:00Z") == expected
    assert between("2026-01-31T16:01:00+08:00", "2026-01-31T16:02:00+08:00") == expected
    assert between("2026-01-31T08:01:00", "2026-01-31T08:01:00.000001Z") == expected


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("茶馆", ["云上茶馆 Tea House 50%_x"]),
        ("馆", ["云上茶馆 Tea House 50%_x"]),
        ("tea HOUSE", ["云上茶馆 Tea House 50%_x"]),
        ("50%_", ["云上茶馆 Tea House 50%_x"]),
        ("5%x", []),
        ("__", []),
        ("%", ["云上茶馆 Tea House 50%_x"]),
        ("\\", ["反斜杠 \\ 'quote' 🍵"]),
        ("'quote'", ["反斜杠 \\ 'quote' 🍵"]),
        ("🍵", ["反斜杠 \\ 'quote' 🍵"]),
        ("没有", []),
    ],
)
def test_search_finds_text_anywhere_and_takes_it_literally(alice: User, term: str, found: list[str]) -> None:
    document_make(alice, title="云上茶馆 Tea House 50%_x")
    document_make(alice, title="反斜杠 \\ 'quote' 🍵")
    document_make(alice, title="别的")
    assert listed(alice, search=term).titles == found


# -- one statement serves everybody ------------------------------------------------------------------------------


def test_each_owner_sees_their_own_through_the_same_statement(alice: User, bob: User, charlie: User) -> None:
    document_make(alice, title="爱丽丝的")
    document_make(bob, title="Bob's")
    for _ in range(7):  # PostgreSQL may replace its plan after five executions.
        assert listed(alice).titles == ["爱丽丝的"]
        assert listed(bob).titles == ["Bob's"]
        assert listed(charlie).rows == []


def test_one_row_is_one_query_and_only_for_its_owner(
    alice: User, bob: User, shelf: list[Document], django_assert_num_queries: Any
) -> None:
    source = row_source(Row, document_list_for)
    with django_assert_num_queries(1):
        row = read_row(source, owner_id=alice.pk, pk=shelf[2].pk)
    assert orjson.loads(row.data_json) == {"id": str(shelf[2].pk), "title": "文档 2"}
    with pytest.raises(NotFoundError):
        read_row(source, owner_id=bob.pk, pk=shelf[2].pk)
    with pytest.raises(NotFoundError):
        read_row(source, owner_id=alice.pk, pk=uuid4())


def test_reads_see_what_their_own_transaction_wrote(alice: User) -> None:
    document = document_make(alice, title="之前")
    assert listed(alice).titles == ["之前"]
    document.title = "之后"
    document.save()
    assert listed(alice).titles == ["之后"]


def test_a_selector_that_formats_its_owner_is_refused(alice: User) -> None:
    def formats(owner_id: UUID) -> QuerySet[Document]:
        return Document.objects.filter(owner_id=str(owner_id))

    with pytest.raises(TypeError, match="owner_id"):
        listed(alice, ListSpec(Row, formats))


def test_a_selector_that_looks_at_the_clock_is_refused(alice: User) -> None:
    def recent(owner_id: UUID) -> QuerySet[Document]:
        return Document.objects.filter(owner_id=owner_id, created_at__gt=timezone.now() - timedelta(days=1))

    with pytest.raises(ImproperlyConfigured, match="another query each time"):
        listed(alice, ListSpec(Row, recent))


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:5],
        lambda rows: rows.distinct(),
        lambda rows: rows.none(),
        lambda rows: rows.union(rows),
    ],
    ids=["sliced", "distinct", "empty", "combined"],
)
def test_querysets_that_cannot_be_composed_are_refused(
    alice: User, change: Callable[[QuerySet[Document]], QuerySet[Document]]
) -> None:
    def changed(owner_id: UUID) -> QuerySet[Document]:
        return change(document_list_for(owner_id))

    with pytest.raises(ImproperlyConfigured):
        listed(alice, ListSpec(Row, changed))


def test_a_selector_of_another_model_is_refused(alice: User) -> None:
    def projects(owner_id: UUID) -> QuerySet[Project]:
        return Project.objects.owned_by(owner_id)

    with pytest.raises(ImproperlyConfigured, match="another model"):
        listed(alice, ListSpec(Row, projects))


def test_wrong_declarations_are_found_when_they_are_made() -> None:
    with pytest.raises(ImproperlyConfigured, match="several for one row"):
        ListSpec(Row, document_list_for, sorts=("versions__number",), default_sort="versions__number")
    with pytest.raises(ImproperlyConfigured, match="JSONField"):
        ListSpec(Row, document_list_for, sorts=("latest__job__input",), default_sort="latest__job__input")
    with pytest.raises(ImproperlyConfigured, match="too long"):
        ListSpec(Row, document_list_for, sorts={"x": ("title", "project__name_en")}, default_sort="x")
    with pytest.raises(ImproperlyConfigured, match="must be annotated"):
        ListSpec(Row, lambda owner_id: Document.objects.none())
    with pytest.raises(ImproperlyConfigured, match="can't sort"):
        ListSpec(Row, document_list_for, default_sort="-age")
    with pytest.raises(ImproperlyConfigured, match="called owner_id"):
        ListSpec(Row, document_list_for, filters={"owner_id": UuidFilter()})
    with pytest.raises(ImproperlyConfigured, match="'colour'"):
        type("Colourful", (ReadModel,), {"colour": Text()}, source_model=Document)
    with pytest.raises(ImproperlyConfigured, match="needs a source_model"):
        type("Nothing", (ReadModel,), {})


@pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's")
@pytest.mark.parametrize("paging", [Paging.FIRST_PAGE, Paging.CURSOR_NEXT])
def test_a_page_is_read_along_an_index_and_never_sorted(db: None, paging: Paging) -> None:
    owner, _ = documents_make(users=2, per_user=1000)
    statement = list_statement(
        Shape(SPEC, (), "-created_at", paging, rows=21, nulls=(False, False)), "default"
    )
    values = {"owner_id": owner.pk, after(0): timezone.now(), after(1): uuid4()}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(f"EXPLAIN {statement.sql}", statement.parameters.fill(values, connection))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "document_owner_newest" in plan
    assert "Sort" not in plan
