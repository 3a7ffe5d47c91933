"""What an account used, what is left of its budget, and the calls themselves: by the API, to the owner alone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import BudgetPeriod, User
from accounts.services.budgets import budget_reserve, budget_set
from config.db import uuid7
from generation.domain.states import CallStatus
from generation.models import ProviderCall
from generation.selectors import usage
from generation.selectors.usage import FIGURES, UsageBy, usage_for
from tests.generation.factories import text_job
from tests.support.access_tokens import machine

pytestmark = pytest.mark.django_db

ZERO = dict.fromkeys(FIGURES, 0)
NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def call(owner: User, at: datetime = NOON, **fields: Any) -> ProviderCall:
    """A settled call of 1000 micro-units, unless the fields say otherwise."""
    row = ProviderCall.objects.create(
        **{
            "owner": owner,
            "step": "text",
            "feature": "templates.document",
            "capability": "llm",
            "provider": "deepseek",
            "model": "deepseek-chat",
            "status": CallStatus.SETTLED,
            "reserved_micros": 5000,
            "cost_micros": 1000,
            "input_tokens": 10,
            "output_tokens": 20,
            "cached_tokens": 4,
            "reasoning_tokens": 5,
            **fields,
        }
    )
    ProviderCall.objects.filter(pk=row.pk).update(created_at=at)
    return row


@pytest.fixture
def ask(alice: User, client_for: Callable[[User], APIClient]) -> Callable[..., Any]:
    """What alice is told of March 2026."""
    client = client_for(alice)

    def asked(**query: Any) -> Any:
        answer = client.get("/api/v1/usage", {**MARCH, **query})
        assert answer.status_code == 200, answer.content
        return answer.json()["data"]

    return asked


def rows(answer: Any) -> dict[str, dict[str, int]]:
    """By key; a look at the sums on the way."""
    found = {row["key"]: {name: row[name] for name in FIGURES} for row in answer["rows"]}
    parts = [*found.values(), *([answer["others"]] if answer["others"] else [])]
    assert answer["totals"] == {name: sum(part[name] for part in parts) for name in FIGURES}
    return found


def used(answer: Any) -> dict[str, int]:
    """Calls by key, without those that have none."""
    return {key: figures["calls"] for key, figures in rows(answer).items() if figures["calls"]}


# -- what is summed up ---------------------------------------------------------------------------------------------


def test_figures_of_calls_in_every_state(alice: User, ask: Callable[..., Any]) -> None:
    call(alice)
    call(alice, is_estimate=True, cost_micros=7)
    call(alice, status=CallStatus.RELEASED, cost_micros=0, input_tokens=0, output_tokens=0)
    call(alice, status=CallStatus.RELEASED, cost_micros=30)  # charged for nothing
    for status in (CallStatus.RESERVED, CallStatus.SENT, CallStatus.UNCERTAIN):
        call(alice, status=status, cost_micros=None, input_tokens=0, output_tokens=0)
    assert ask(by="model")["totals"] == {
        "calls": 7,
        "input_tokens": 30,
        "output_tokens": 60,
        "cached_tokens": 28,
        "reasoning_tokens": 35,
        "cost_micros": 1037,
        "own_key_cost_micros": 0,
        "reserved_micros": 15_000,
        "uncertain_calls": 1,
        "estimates": 1,
    }


def test_what_the_owner_paid_by_a_key_of_their_own_stands_apart(alice: User, ask: Callable[..., Any]) -> None:
    call(alice, cost_micros=100)
    call(alice, cost_micros=2_000, is_own_key=True)
    call(alice, cost_micros=None, status=CallStatus.SENT, is_own_key=True)
    totals = ask()["totals"]
    assert (totals["calls"], totals["cost_micros"], totals["own_key_cost_micros"]) == (3, 100, 2_000)
    assert totals["reserved_micros"] == 0, "no budget holds anything for it"


def test_figures_beyond_32_bits_are_exact(alice: User, ask: Callable[..., Any]) -> None:
    for _ in range(3):
        call(alice, cost_micros=2**53 + 1, input_tokens=2**31 - 1)
    for by in ("day", "model"):
        totals = ask(by=by)["totals"]
        assert (totals["cost_micros"], totals["input_tokens"]) == (3 * 2**53 + 3, 3 * 2**31 - 3)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("model", {"云雀-大模型-32k 🐦": 2, "deepseek-chat": 1, "": 1}),
        ("provider", {"硅基流动": 2, "deepseek": 2}),
        ("capability", {"llm": 3, "image": 1}),
        ("feature", {"会议纪要": 2, "templates.document": 2}),
    ],
)
def test_groups_are_named_as_they_are_and_the_dearest_stands_first(
    alice: User, ask: Callable[..., Any], by: str, expected: dict[str, int]
) -> None:
    chinese = {"model": "云雀-大模型-32k 🐦", "provider": "硅基流动", "feature": "会议纪要"}
    call(alice, cost_micros=500, **chinese)
    call(alice, cost_micros=0, is_own_key=False, **chinese)
    call(alice, cost_micros=300)
    call(alice, cost_micros=0, model="", capability="image")
    answer = ask(by=by)
    assert used(answer) == expected
    costs = [row["cost_micros"] + row["own_key_cost_micros"] for row in answer["rows"]]
    assert costs == sorted(costs, reverse=True)
    assert answer["others"] is None


@pytest.mark.parametrize("name", ["capability", "provider", "model", "feature"])
def test_filters_take_what_is_equal(alice: User, ask: Callable[..., Any], name: str) -> None:
    call(alice, **{name: "茶馆"})
    call(alice, **{name: "茶馆二"})
    call(alice)
    for by in UsageBy:
        assert ask(by=by.value, **{name: "茶馆"})["totals"]["calls"] == 1
    assert ask(by="model", **{name: "茶"}) == {
        "by": "model", "from": "2026-03-01", "to": "2026-03-31", "is_test": False, "currency": "USD",
        "totals": ZERO, "rows": [], "others": None,
    }  # fmt: skip


def test_filters_work_together(alice: User, ask: Callable[..., Any]) -> None:
    call(alice, provider="a", model="x")
    call(alice, provider="b", model="x")
    call(alice, provider="a", model="y")
    assert used(ask(by="model", provider="a")) == {"x": 1, "y": 1}
    assert ask(provider="a", model="x")["totals"]["calls"] == 1


def test_what_is_beyond_the_dearest_is_one_sum(
    alice: User, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "GROUPS_SHOWN", 3)
    for number in range(6):
        call(alice, model=f"模型{number}", cost_micros=number, is_own_key=number == 5, is_estimate=True)
    answer = ask(by="model")
    assert list(rows(answer)) == ["模型5", "模型4", "模型3"]
    assert (answer["others"]["calls"], answer["others"]["cost_micros"]) == (3, 3)
    assert (answer["totals"]["calls"], answer["totals"]["own_key_cost_micros"]) == (6, 5)
    assert ask(by="model", model="模型1")["others"] is None


# -- days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-02-28T23:59:59.999999+00:00", None),
        ("2026-03-01T00:00:00+00:00", "2026-03-01"),
        ("2026-03-01T00:30:00+08:00", None),  # still February in UTC
        ("2026-03-31T23:59:59.999999+00:00", "2026-03-31"),
        ("2026-04-01T07:59:59+08:00", "2026-03-31"),  # already April in Shanghai
        ("2026-04-01T00:00:00+00:00", None),
    ],
)
def test_days_and_months_end_at_midnight_in_utc(
    alice: User, ask: Callable[..., Any], settings: Any, moment: str, day: str | None
) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    with timezone.override("Asia/Shanghai"):
        call(alice, datetime.fromisoformat(moment))
        assert used(ask()) == ({} if day is None else {day: 1})
        assert ask(by="model")["totals"]["calls"] == (0 if day is None else 1)


def test_every_day_of_the_range_is_there_in_order(alice: User, ask: Callable[..., Any]) -> None:
    call(alice, NOON)
    call(alice, NOON + timedelta(days=3))
    found = rows(ask())
    assert list(found) == [(date(2026, 3, 1) + timedelta(days=n)).isoformat() for n in range(31)]
    assert found["2026-03-16"] == ZERO
    assert used(ask(**{"from": "2026-03-15", "to": "2026-03-15"})) == {"2026-03-15": 1}
    leap_year = rows(ask(**{"from": "2028-01-01", "to": "2028-12-31"}))
    assert len(leap_year) == 366


def test_without_a_range_it_is_the_last_thirty_days(alice: User, client_for: Any) -> None:
    today = timezone.now()
    for days in (0, 29, 30):
        call(alice, today - timedelta(days=days))
    answer = client_for(alice).get("/api/v1/usage").json()["data"]
    assert (answer["by"], answer["to"]) == ("day", f"{today:%Y-%m-%d}")
    assert len(answer["rows"]) == 30
    assert answer["totals"]["calls"] == 2
    since = (
        client_for(alice).get("/api/v1/usage", {"to": f"{today - timedelta(days=1):%Y-%m-%d}"}).json()["data"]
    )
    assert since["totals"]["calls"] == 2
    assert len(since["rows"]) == 30


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "2025-03-01", "to": "2026-03-02"}, "from"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "昨天"}, "to"),
        ({"by": "month"}, "by"),
        ({"by": ""}, "by"),
        ({"is_test": "vielleicht"}, "is_test"),
        ({"model": "x" * 201}, "model"),
        ({"owner_id": "019a6f60-4c1e-7d30-b2aa-6f1d2c3b4a59"}, "owner_id"),
        ({"first": "2026-03-01"}, "first"),
    ],
)
def test_what_cant_be_asked_is_said(alice: User, client_for: Any, query: dict[str, str], field: str) -> None:
    answer = client_for(alice).get("/api/v1/usage", {**MARCH, **query})
    assert answer.status_code == 422, answer.content
    assert [problem["field"] for problem in answer.json()["data"]["details"]["fields"]] == [field]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_no_error(ask: Callable[..., Any], day: str) -> None:
    assert ask(**{"from": day, "to": day})["totals"] == ZERO


# -- whose, and which money ----------------------------------------------------------------------------------------


def test_strangers_see_nothing_of_it(alice: User, bob: User, staff: User, client_for: Any) -> None:
    call(alice, timezone.now(), job=text_job(alice))
    budget_reserve(owner_id=alice.pk, micros=77, is_test=False)
    for stranger in (bob, staff):
        client = client_for(stranger)
        for by in UsageBy:
            assert client.get("/api/v1/usage", {"by": by.value}).json()["data"]["totals"] == ZERO
        assert client.get("/api/v1/usage/calls").json()["data"] == []
        job = ProviderCall.objects.get().job_id
        assert client.get("/api/v1/usage/calls", {"job_id": str(job)}).json()["data"] == []
        assert client.get("/api/v1/usage/budget").json()["data"]["reserved_micros"] == 0


def test_play_money_stands_apart(alice: User, client_for: Any) -> None:
    call(alice, cost_micros=1)
    call(alice, cost_micros=20, is_test=True)
    session, live = client_for(alice), machine(alice, "usage:read")
    rehearsal = machine(alice, "usage:read", is_test=True)

    def told(client: APIClient, **query: str) -> tuple[bool, int]:
        answer = client.get("/api/v1/usage", {**MARCH, **query}).json()["data"]
        return answer["is_test"], answer["totals"]["cost_micros"]

    assert told(session) == told(live) == told(rehearsal, is_test="false") == (False, 1)
    assert told(rehearsal) == told(session, is_test="true") == told(live, is_test="true") == (True, 20)


@pytest.mark.parametrize("path", ["usage", "usage/budget", "usage/calls"])
def test_a_token_needs_the_scope(alice: User, path: str) -> None:
    answer = machine(alice, "jobs:read").get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["data"]["details"]["needed"]) == (403, "usage:read")
    assert machine(alice, "usage:read").get(f"/api/v1/{path}").status_code == 200


# -- the budget ----------------------------------------------------------------------------------------------------


def test_the_budget_says_all_that_there_is_to_know(alice: User, client_for: Any, settings: Any) -> None:
    settings.MONTHLY_BUDGET_USD = 20
    client = client_for(alice)
    now = timezone.now()
    month = now.date().replace(day=1)
    BudgetPeriod.objects.create(owner=alice, month=month, spent_micros=5, reserved_micros=3)
    BudgetPeriod.objects.create(owner=alice, month=month, is_test=True, spent_micros=40)
    BudgetPeriod.objects.create(owner=alice, month=date(2020, 1, 1), spent_micros=999)
    answer = client.get("/api/v1/usage/budget").json()["data"]
    renews_at = datetime.fromisoformat(answer.pop("renews_at"))
    assert answer == {
        "month": f"{now:%Y-%m}",
        "currency": "USD",
        "is_own_limit": False,
        "limit_micros": 20_000_000,
        "used_micros": 5,
        "reserved_micros": 3,
        "left_micros": 19_999_992,
        "test": {
            "limit_micros": 20_000_000,
            "used_micros": 40,
            "reserved_micros": 0,
            "left_micros": 19_999_960,
        },
    }
    assert (renews_at.day, renews_at.time().isoformat()) == (1, "00:00:00")
    assert timedelta(0) < renews_at - now < timedelta(days=31)


@pytest.mark.parametrize(("limit", "left"), [(None, None), (0, 0), (7, 0), (8, 0), (9, 1)])
def test_what_is_left_of_a_limit_of_ones_own(
    alice: User, client_for: Any, limit: int | None, left: int | None
) -> None:
    budget_set(user=alice, limit_micros=None)
    budget_reserve(owner_id=alice.pk, micros=8, is_test=False)
    budget_set(user=alice, limit_micros=limit)
    answer = client_for(alice).get("/api/v1/usage/budget").json()["data"]
    assert (answer["is_own_limit"], answer["limit_micros"], answer["left_micros"]) == (True, limit, left)


# -- the calls -----------------------------------------------------------------------------------------------------


def test_the_ledger_shows_each_call_with_its_job(alice: User, client_for: Any) -> None:
    job = text_job(alice)
    lost = call(
        alice, job=job, status=CallStatus.UNCERTAIN, cost_micros=None, model="云雀", provider_ref="req-1"
    )
    (row,) = client_for(alice).get("/api/v1/usage/calls", {"status": "uncertain"}).json()["data"]
    assert (row["id"], row["job_id"], row["model"]) == (str(lost.pk), str(job.pk), "云雀")
    assert (row["cost_micros"], row["reserved_micros"], row["is_resolved"]) == (None, 5000, False)
    assert not {"owner_id", "resolution", "result", "provider_ref", "provider_key_id"} & row.keys()


def test_the_ledger_is_filtered_by_everything_that_names_a_call(alice: User, client_for: Any) -> None:
    client = client_for(alice)
    job = text_job(alice)
    wanted = call(
        alice, NOON, job=job, capability="image", provider="硅基流动", model="云雀", feature="会议纪要",
        status=CallStatus.SENT, cost_micros=None, is_test=True, is_own_key=True,
    )  # fmt: skip
    call(alice, NOON + timedelta(days=1))
    for name, value in {
        "status": "sent",
        "capability": "image",
        "provider": "硅基流动",
        "model": "云雀",
        "feature": "会议纪要",
        "job_id": str(job.pk),
        "is_test": "true",
        "is_own_key": "true",
        "created_before": "2026-03-16T00:00:00Z",
    }.items():
        found = client.get("/api/v1/usage/calls", {name: value}).json()["data"]
        assert [row["id"] for row in found] == [str(wanted.pk)], name
    assert len(client.get("/api/v1/usage/calls").json()["data"]) == 2
    assert client.get("/api/v1/usage/calls", {"status": "lost"}).status_code == 422


# -- speed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["usage", "usage?by=model", "usage/budget", "usage/calls"])
def test_many_calls_cost_as_many_queries_as_one(alice: User, client_for: Any, path: str) -> None:
    client = client_for(alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/api/v1/{path}").status_code == 200
        return len(asked)

    now = timezone.now()
    call(alice, now, job=text_job(alice))
    queries()  # what is compiled or remembered once
    few = queries()
    for number in range(30):
        call(alice, now - timedelta(days=number), model=f"模型{number}", job=text_job(alice))
    assert queries() == few <= 3


def test_usage_is_one_query(alice: User, django_assert_num_queries: Any) -> None:
    call(alice)
    for by in UsageBy:
        with django_assert_num_queries(1):
            usage_for(alice.pk, by=by, first=NOON.date(), last=NOON.date(), is_test=False)


def test_only_the_owners_days_are_read(alice: User, bob: User) -> None:
    """Rows of others and of other days aren't looked at: the index of an owner's newest rows serves, however many."""
    sample = call(alice)
    for owner in (alice, bob):
        many = ProviderCall.objects.bulk_create([copy_of(sample, owner) for _ in range(800)])
        for number, row in enumerate(many):
            row.created_at = NOON + timedelta(hours=number - 400)
        ProviderCall.objects.bulk_update(many, ["created_at"], batch_size=200)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE generation_providercall")
    for by in UsageBy:
        with CaptureQueriesContext(connection) as asked:
            usage_for(alice.pk, by=by, first=NOON.date(), last=NOON.date(), is_test=False)
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        with connection.cursor() as cursor:
            cursor.execute(f"{explain} {asked[0]['sql']}")
            plan = "\n".join(str(row) for row in cursor.fetchall())
        assert "call_owner_newest" in plan, plan


def copy_of(row: ProviderCall, owner: User) -> ProviderCall:
    fields = {field.attname: getattr(row, field.attname) for field in ProviderCall._meta.concrete_fields}
    return ProviderCall(**{**fields, "id": uuid7(), "owner_id": owner.pk})
