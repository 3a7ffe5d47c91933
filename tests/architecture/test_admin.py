"""The back office works for every model, and costs the same number of queries for one row as for thirty."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from config.admin.base import CappedPaginator
from tests.architecture.house import own_models
from tests.support.rows import make_rows
from tests.support.speaking import speak

ROWS = 30
#: Session, user, and then the page: its rows, their count, and what its filters offer.
MOST_QUERIES = 12


def registered() -> list[Any]:
    return sorted(admin.site._registry.values(), key=lambda one: one.model._meta.label)


def named(one: Any) -> str:
    return str(one.model._meta.label)


@pytest.fixture
def back_office(db: None) -> Client:
    boss = User.objects.create_superuser("boss", "boss@example.com")
    client = Client()
    client.force_login(boss)
    return client


def changelist(one: Any) -> str:
    return reverse(f"admin:{one.model._meta.app_label}_{one.model._meta.model_name}_changelist")


def unregistered(found: list[type[models.Model]]) -> list[str]:
    shown = [model for model in found if not model._meta.auto_created]
    return [model._meta.label for model in shown if not admin.site.is_registered(model)]


def test_every_own_model_stands_in_the_admin() -> None:
    assert unregistered(own_models()) == []


def test_the_guard_finds_a_model_without_a_page() -> None:
    assert unregistered([apps.get_model("contenttypes.ContentType")]) == ["contenttypes.ContentType"]


def test_there_are_models_to_look_at() -> None:
    assert len(own_models()) >= 13


@pytest.mark.parametrize("one", registered(), ids=named)
def test_every_page_answers(back_office: Client, one: Any) -> None:
    """In English; the Chinese ones are read word by word."""
    row = make_rows(one.model, 1)
    change = reverse(f"admin:{one.model._meta.app_label}_{one.model._meta.model_name}_change", args=[row.pk])
    assert back_office.get(changelist(one)).status_code == 200
    assert back_office.get(change).status_code == 200
    assert back_office.get(changelist(one), {"q": "茶"}).status_code == 200
    add = back_office.get(changelist(one) + "add/")
    assert add.status_code == (200 if one.has_add_permission(add.wsgi_request) else 403)


@pytest.mark.parametrize("one", registered(), ids=named)
def test_every_row_is_found_by_its_key(back_office: Client, one: Any) -> None:
    row = make_rows(one.model, 2)
    if (
        not one.search_fields
        or not isinstance(row._meta.pk, models.UUIDField)
        or not hasattr(one, "search_keys")
    ):
        pytest.skip("isn't searched by key")
    assert [each.pk for each in listed(one, f"?q={row.pk}").result_list] == [row.pk]


def listed(one: Any, query: str) -> Any:
    """What a list shows, without the page around it."""
    request = RequestFactory().get(f"/{query}")
    request.user = User.objects.get(username="boss")
    return one.get_changelist_instance(request)


@pytest.mark.parametrize("one", registered(), ids=named)
def test_every_filter_answers(back_office: Client, one: Any) -> None:
    """Each choice as a list of rows; that the page can be drawn is told by the last one."""
    make_rows(one.model, 2)
    view = listed(one, "")
    asked = [
        (spec.title, query)
        for spec in view.filter_specs
        for query in (choice.get("query_string") for choice in spec.choices(view))
        if query
    ]
    for title, query in asked:
        assert len(listed(one, query).result_list) <= ROWS, (title, query)
    if asked:
        assert back_office.get(changelist(one) + asked[-1][1]).status_code == 200, asked[-1]


def list_queries(back_office: Client, one: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert back_office.get(changelist(one)).status_code == 200
    return len(queries)


@pytest.mark.parametrize("one", registered(), ids=named)
def test_a_list_costs_the_same_for_one_row_and_for_thirty(back_office: Client, one: Any) -> None:
    make_rows(one.model, 1)
    back_office.get(changelist(one))  # what a process remembers is known from here on
    few = list_queries(back_office, one)
    make_rows(one.model, ROWS)
    assert list_queries(back_office, one) == few <= MOST_QUERIES


def test_the_guard_finds_a_list_that_asks_for_each_row(
    back_office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = admin.site._registry[apps.get_model("generation.Job")]
    monkeypatch.setattr(one, "list_display", ("subject", "items_link"))
    make_rows(one.model, 1)
    back_office.get(changelist(one))
    few = list_queries(back_office, one)
    make_rows(one.model, 5)
    assert list_queries(back_office, one) == few + 5


@pytest.mark.parametrize("one", [each for each in registered() if each.model in own_models()], ids=named)
def test_no_list_counts_a_whole_table(one: Any) -> None:
    """Accounts are few; everything that grows with use is counted up to a cap."""
    assert one.show_full_result_count is False
    if one.model._meta.app_label in {"generation", "templates"}:
        assert issubclass(one.paginator, CappedPaginator)


def test_a_count_stops_at_the_cap(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    model = apps.get_model("generation.WorkerHeartbeat")
    make_rows(model, 7)
    monkeypatch.setattr(CappedPaginator, "LIMIT", 5)
    assert CappedPaginator(model.objects.order_by("pk"), 2).count == 5


def test_strangers_and_users_stay_outside(alice: User) -> None:
    client = Client()
    assert client.get(reverse("admin:index")).status_code == 302
    client.force_login(alice)
    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_home_page_shows_what_waits(back_office: Client, language: str) -> None:
    for label in ("generation.Job", "generation.ProviderCall", "generation.WorkerHeartbeat"):
        make_rows(apps.get_model(label), 3)
    with CaptureQueriesContext(connection) as queries:
        page = speak(back_office, language).get(reverse("admin:index"))
    assert page.status_code == 200
    assert ("Uncertain calls" in page.text) == (language == "en")
    assert ("结果不明的调用" in page.text) == (language == "zh-hans")
    assert len(queries) <= 18  # two of them look at health, at most once a second
