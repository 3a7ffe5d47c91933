"""A search in a list of many owners' rows."""

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from config.api.lists import searching
from config.api.lists.filters import ChoiceFilter, SearchFilter
from config.api.lists.query import read_list_query
from config.api.lists.reading import read_page
from config.api.lists.spec import ListSpec
from config.search import hits
from templates.models import Document
from tests.config.search.test_corpus import TitleOut
from tests.templates.factories import content_template_make, document_make

pytestmark = pytest.mark.django_db


def chinese_documents() -> QuerySet[Document]:
    return Document.objects.filter(language="zh")


SPEC = ListSpec(
    TitleOut,
    chinese_documents,
    filters={"search": SearchFilter(), "characters": ChoiceFilter(["1", "2"])},
    sorts=("created_at", "title"),
)


def found(**params: Any) -> tuple[list[str], Any]:
    page = read_page(SPEC, read_list_query(SPEC, QueryDict(urlencode(params))))
    return [row["title"] for row in orjson.loads(page.data_json)], dict(page.meta or {})["total"]


@pytest.fixture
def shelf(alice: User, bob: User, charlie: User) -> None:
    """Keys of owners end with whatever digit: three of them are in two parts of the index at least, mostly."""
    template = content_template_make()
    for number, owner in enumerate((alice, bob, charlie)):
        for title in (f"蓝鲸茶馆 {number}", f"Kubernetes 操作 {number}"):
            make = {"title": title, "characters": number, "content_template": content_template_make()}
            document_make(owner, language="zh", **make)
        document_make(owner, language="en", title=f"蓝鲸茶馆 {number}", content_template=template)


@pytest.mark.parametrize("way", ["by the index", "by walking", "among the first"])
def test_what_everybody_has_is_found(
    shelf: None, way: str, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    if way == "by walking":
        monkeypatch.setattr(searching, "MOST_HITS", 2)
    if way == "among the first":
        monkeypatch.setattr(hits, "COMMON_IN_SAMPLE", 1)
    for asked in ("蓝鲸", "鲸", "茶馆 蓝鲸", "鲸茶馆"):
        titles, total = found(search=asked, sort="title")
        assert titles == [f"蓝鲸茶馆 {number}" for number in range(3)]
        assert total == (2 if way == "by walking" else 3)
    assert found(search="KUBERNETES", sort="-title")[0][0] == "Kubernetes 操作 2"
    assert found(search="鲸蓝") == ([], 0)
    assert found(search="茶馆 操作") == ([], 0)
    assert found(search="蓝鲸", characters="2") == (["蓝鲸茶馆 2"], 1)
    assert found(search="%") == ([], 0)
    with django_assert_num_queries(3 if way != "among the first" else 4):
        found(search="蓝鲸")


def test_the_index_is_asked_and_not_every_row(shelf: None) -> None:
    """On SQLite: by the pieces, then by the key."""
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("what PostgreSQL does is measured (benchmarks)")
    seen: list[str] = []
    plain: Any = connection.cursor

    class Told:
        def __init__(self) -> None:
            self.cursor = plain()

        def execute(self, sql: str, params: Any) -> None:
            if "MATCH" in sql:
                self.cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                seen.extend(row[3] for row in self.cursor.fetchall())
            self.cursor.execute(sql, params)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.cursor, name)

        def __enter__(self) -> "Told":
            return self

        def __exit__(self, *error: object) -> None:
            self.cursor.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "cursor", Told)
        found(search="蓝鲸")
    assert seen
    assert not [step for step in seen if step.startswith("SCAN") and "VIRTUAL TABLE" not in step], seen
