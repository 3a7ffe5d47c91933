"""A search in a list: its pages, cursors, totals, orders and other filters, on either way to the rows."""

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import QueryDict

from accounts.models import User
from config.api.lists import searching
from config.api.lists.fields import Uuid
from config.api.lists.filters import ChoiceFilter, SearchFilter
from config.api.lists.query import read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import read_page
from config.api.lists.spec import ListSpec
from config.errors import ValidationFailedError
from templates.models import Category
from templates.selectors import category_list, document_list_for
from tests.config.search.test_corpus import SPEC, TitleOut
from tests.templates.factories import content_template_make, document_make, project_make

pytestmark = pytest.mark.django_db

FILTERED = ListSpec(
    TitleOut,
    document_list_for,
    filters={"search": SearchFilter(), "language": ChoiceFilter(["zh", "en"])},
    sorts=("created_at", "title", "characters"),
)


def pages(owner: User, spec: ListSpec = FILTERED, **params: Any) -> tuple[list[str], dict[str, Any]]:
    query = read_list_query(spec, QueryDict(urlencode(params)))
    page = read_page(spec, query, owner_id=owner.pk)
    return [row["title"] for row in orjson.loads(page.data_json)], dict(page.meta or {})


@pytest.fixture(params=["by the index", "by walking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven hits are few, or many."""
    monkeypatch.setattr(searching, "MOST_HITS", 2_000 if request.param == "by the index" else 3)


@pytest.fixture
def shelf(alice: User, bob: User, way: None) -> None:
    template = content_template_make()
    for owner in (alice, bob):
        for number in range(7):
            project = project_make(owner)
            language = "zh" if number % 2 else "en"
            for title in (f"茶馆 {number}", f"咖啡 {number}"):
                document_make(
                    owner,
                    project=project,
                    content_template=template if title[0] == "茶" else content_template_make(),
                    title=title,
                    language=language,
                    characters=number // 3,
                )


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "title", "-characters"])
def test_pages_and_cursors_show_every_hit_once_in_order(alice: User, shelf: None, sort: str) -> None:
    whole, meta = pages(alice, search="茶馆", sort=sort)
    assert len(whole) == 7
    assert all("茶馆" in title for title in whole)
    assert meta["has_next"] is False
    paged = [pages(alice, search="茶馆", sort=sort, limit=3, page=number)[0] for number in (1, 2, 3)]
    assert [*paged[0], *paged[1], *paged[2]] == whole
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        titles, meta = pages(alice, search="茶馆", sort=sort, limit=2, cursor=cursor)
        assert meta["total"] is None
        seen += titles
        cursor = meta["next_cursor"]
    assert seen == whole


def test_totals_are_exact_up_to_their_end(alice: User, shelf: None, request: pytest.FixtureRequest) -> None:
    _, meta = pages(alice, search="茶馆", limit=2)
    many = "walking" in request.node.name
    assert (meta["total"], meta["total_is_capped"]) == ((3, True) if many else (7, False))
    _, behind = pages(alice, search="茶馆", limit=2, page=9)
    assert (behind["total"], behind["has_next"]) == (meta["total"], False)
    _, none = pages(alice, search="龘")
    assert (none["total"], none["pages"], none["total_is_capped"]) == (0, 0, False)


def test_other_filters_narrow_and_count(alice: User, shelf: None) -> None:
    titles, meta = pages(alice, search="茶馆", language="zh", sort="created_at")
    assert titles == ["茶馆 1", "茶馆 3", "茶馆 5"]
    assert (meta["total"], meta["total_is_capped"]) == (3, False)


def test_a_search_costs_three_queries_however_long_its_words_are(
    alice: User, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        document_make(alice, title=f"云上茶馆 {number}")
    for asked in ("云上茶馆", "茶馆"):
        for params in ({"limit": 1}, {"limit": 1, "page": 2}, {"limit": 1, "cursor": ""}):
            with django_assert_num_queries(3):
                pages(alice, search=asked, **params)


def test_each_hit_says_where_the_words_stand(client_for: Any, alice: User, way: None) -> None:
    project_make(alice, code="a", name_zh="云上ＴＥＡ茶馆", name_en="A cloud tea house")
    [row] = client_for(alice).get("/api/v1/templates/projects?search=tea+茶").json()["data"]
    assert row["matches"] == [
        {"field": "name_zh", "text": "云上ＴＥＡ茶馆", "marks": [[2, 6]]},
        {"field": "name_en", "text": "A cloud tea house", "marks": [[8, 11]]},
    ]
    [row] = client_for(alice).get("/api/v1/templates/projects").json()["data"]
    assert "matches" not in row


@pytest.mark.parametrize(
    "asked",
    [
        "",
        " ",
        "\u3000 \t\n",
        "茶" * 201,
        "a" * 10_000,
        "a\0b",
        "a\ud800b",
        "\udfff",
        "a b c d e f g h i j k l m n o p q r s t u",
    ],
)
def test_what_is_no_search_is_refused(asked: str) -> None:
    query = QueryDict(mutable=True)
    query["search"] = asked
    with pytest.raises(ValidationFailedError) as caught:
        read_list_query(SPEC, query)
    assert [problem["field"] for problem in caught.value.details["fields"]] == ["search"]


@pytest.mark.parametrize("asked", ["%20", "%E3%80%80", "a" * 10_000, "%00", "%09"])
def test_over_http_it_is_a_422(client_for: Any, alice: User, asked: str) -> None:
    answer = client_for(alice).get(f"/api/v1/templates/projects?search={asked}")
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "asked", ["%ED%A0%80", "%FF", "...", "%25", "_", "%5C%5C", "%27--", "%22%22", "*", "%F0%9F%8D%B5"]
)
def test_over_http_whatever_is_text_is_looked_for(client_for: Any, alice: User, asked: str) -> None:
    project_make(alice, name_zh="云上茶馆")
    answer = client_for(alice).get(f"/api/v1/templates/projects?search={asked}")
    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_a_list_of_what_has_no_search_text_can_not_be_searched() -> None:
    class CategoryOut(ReadModel, source_model=Category):
        id = Uuid()

    with pytest.raises(ImproperlyConfigured, match="SearchableModel"):
        ListSpec(CategoryOut, category_list, filters={"search": SearchFilter()})
