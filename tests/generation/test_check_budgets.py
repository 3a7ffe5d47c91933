"""`manage.py check_budgets` finds every budget that disagrees with the ledger, and mends it when it is told to."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.domain.months import month_of, months_back
from accounts.models import BudgetPeriod, ProviderKey, User
from accounts.selectors.budgets import budget_get
from config.crypto import Secret
from config.db import uuid7_floor
from generation.domain.states import CallStatus
from generation.jobs import ledger
from generation.models import ProviderCall
from generation.providers.base import Usage
from generation.selectors.drifts import budget_drifts
from generation.services.budgets import budget_mend
from tests.conftest import make_user
from tests.generation.factories import text_job

pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: Any) -> str:
    output = io.StringIO()
    call_command("check_budgets", *arguments, stdout=output, **options)
    return output.getvalue()


def refused(*arguments: str) -> tuple[str, str]:
    """What the command prints, and the complaint that it ends with."""
    output = io.StringIO()
    with pytest.raises(CommandError) as complaint:
        call_command("check_budgets", *arguments, stdout=output)
    assert complaint.value.returncode == 1
    return output.getvalue(), str(complaint.value)


def reserve(user: User, micros: int = 500, **options: Any) -> ProviderCall:
    return ledger.reserve(
        text_job(user), "text", feature="templates.document", capability="llm", provider="p", model="m",
        micros=micros, **options,
    )  # fmt: skip


def settled(user: User, cost: int, **options: Any) -> ProviderCall:
    call = reserve(user, **options)
    ledger.mark_sent(call)
    ledger.settle(call, micros=cost, usage=Usage(), result={})
    return call


def one_of_each(user: User, **options: Any) -> None:
    """Calls in every state: 300 + 70 are spent, 3 × 500 set aside."""
    reserve(user, **options)
    sent = reserve(user, **options)
    ledger.mark_sent(sent)
    lost = reserve(user, **options)
    ledger.mark_sent(lost)
    ledger.mark_uncertain(lost, code="X")
    settled(user, 300, **options)
    ledger.release(reserve(user, **options), code="X")
    useless = reserve(user, **options)
    ledger.mark_sent(useless)
    ledger.settle_useless(useless, micros=70, usage=Usage(), code="X")


def plant(user: User, *, is_test: bool = False, **fields: int) -> None:
    """What somebody writes into the database past the product."""
    assert BudgetPeriod.objects.filter(owner=user, is_test=is_test).update(**fields) == 1


def money(user: User, *, is_test: bool = False) -> tuple[int, int]:
    state = budget_get(user.pk, is_test=is_test)
    return state.used_micros, state.reserved_micros


# -- finding -------------------------------------------------------------------------------------------------------


def test_what_the_product_writes_agrees(alice: User, bob: User) -> None:
    one_of_each(alice)
    one_of_each(alice, is_test=True)
    one_of_each(bob)
    assert money(alice) == money(bob) == money(alice, is_test=True) == (370, 1500)
    said = run()
    assert "3 budgets of" in said
    assert "all agree with the ledger" in said


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"spent_micros": 371}, "used USD 0.000371, the ledger says USD 0.00037 · set aside USD 0.0015"),
        ({"reserved_micros": -1}, "used USD 0.00037 · set aside USD -0.000001, the ledger says USD 0.0015"),
        (
            {"spent_micros": 0, "reserved_micros": 5_000_000},
            "used USD 0.00, the ledger says USD 0.00037 · set aside USD 5.00, the ledger says USD 0.0015",
        ),
    ],
)
def test_a_planted_drift_is_found_and_told(alice: User, bob: User, fields: dict[str, int], line: str) -> None:
    User.objects.filter(pk=alice.pk).update(username="云上茶馆 🍵")
    one_of_each(alice)
    one_of_each(bob)
    plant(alice, **fields)
    before = list(BudgetPeriod.objects.order_by("pk").values())
    said, complaint = refused()
    assert f"云上茶馆 🍵 · {timezone.now():%Y-%m} · {line}" in said
    assert "bob" not in said
    assert complaint.startswith("1 of 2 budgets")
    assert "--repair" in complaint
    assert list(BudgetPeriod.objects.order_by("pk").values()) == before, "looking changes nothing"


def test_play_money_is_compared_apart(alice: User) -> None:
    one_of_each(alice)
    one_of_each(alice, is_test=True)
    plant(alice, is_test=True, spent_micros=1)
    said, _ = refused()
    assert said.count("alice") == 1
    assert "play money" in said


def test_calls_that_no_budget_counts_are_left_out(alice: User) -> None:
    key = ProviderKey.objects.create(
        owner=alice, provider="openai", secret=Secret("sk-own"), last_four="-own"
    )
    settled(alice, 900, key=key)
    settled(alice, 0, micros=0)
    settled(alice, 20)
    assert "all agree" in run()
    assert money(alice) == (20, 0)


def test_a_budget_whose_row_is_gone_is_missed(alice: User, bob: User) -> None:
    one_of_each(alice)
    ledger.release(reserve(bob), code="X")
    BudgetPeriod.objects.all().delete()
    said, complaint = refused()
    assert "alice" in said
    assert "used USD 0.00, the ledger says USD 0.00037" in said
    assert "bob" not in said, "nothing was spent and nothing is set aside: no row is right"
    assert "1 of 1" in complaint
    assert "1 were mended" in run("--repair")
    assert money(alice) == (370, 1500)
    assert "all agree" in run()


def test_many_budgets_are_walked_in_batches(alice: User, django_assert_num_queries: Any) -> None:
    owners = [alice, *(make_user(f"茶客{n}") for n in range(6))]
    for owner in owners:
        settled(owner, 10)
    plant(owners[-1], spent_micros=11)
    month = month_of(timezone.now())
    with django_assert_num_queries(4):  # 3 + 3 + 1 budgets, and the look behind the last one
        walked = list(budget_drifts(month, batch_size=3))
    assert [seen for seen, _ in walked] == [3, 3, 1]
    (drift,) = [drift for _, drifts in walked for drift in drifts]
    assert (drift.owner_id, drift.spent, drift.spent_due) == (owners[-1].pk, 11, 10)


# -- months --------------------------------------------------------------------------------------------------------


def call_at(user: User, moment: datetime, micros: int = 10) -> ProviderCall:
    """A settled call of an earlier time, as the ledger wrote it then."""
    call = settled(user, micros)
    month = month_of(moment)
    BudgetPeriod.objects.filter(owner=user, month=call.budget_month).update(month=month)
    ProviderCall.objects.filter(pk=call.pk).update(
        id=uuid7_floor(moment), created_at=moment, budget_month=month
    )
    return call


def test_this_month_and_the_one_before_unless_others_are_named(alice: User, bob: User, charlie: User) -> None:
    this, last, older = months_back(month_of(timezone.now()), 3)
    for user, month in ((alice, this), (bob, last), (charlie, older)):
        call_at(user, datetime(month.year, month.month, 15, 12, tzinfo=UTC))
        plant(user, spent_micros=99)
    said, complaint = refused()
    assert [name in said for name in ("alice", "bob", "charlie")] == [True, True, False]
    assert f"2 of 2 budgets of {last:%Y-%m}, {this:%Y-%m}" in complaint
    said, _ = refused("--month", f"{older:%Y-%m}")
    assert [name in said for name in ("alice", "bob", "charlie")] == [False, False, True]
    run("--month", f"{older:%Y-%m}", "--month", f"{last:%Y-%m}", "--repair")
    periods = dict(BudgetPeriod.objects.values_list("owner__username", "spent_micros"))
    assert periods == {"alice": 99, "bob": 10, "charlie": 10}


@pytest.mark.parametrize("seconds", [-2 * 86400, -1, 0, 1, 2 * 86400])
def test_a_call_counts_in_the_month_that_it_names_whatever_the_clock_said(alice: User, seconds: int) -> None:
    """A call that was begun in the last moment of a month is written in the next one; clocks are set wrong, too."""
    january = date(2026, 1, 1)
    end = datetime(2026, 2, 1, tzinfo=UTC)
    call_at(alice, datetime(2026, 1, 20, tzinfo=UTC))
    moment = end + timedelta(seconds=seconds)
    ProviderCall.objects.update(id=uuid7_floor(moment), created_at=moment)
    assert "1 budgets of 2026-01: all agree" in run("--month", "2026-01")
    assert "0 budgets of 2026-02" in run("--month", "2026-02")
    BudgetPeriod.objects.all().delete()
    refused("--month", "2026-01")
    assert budget_mend(owner_id=alice.pk, month=january, is_test=False) is not None
    assert BudgetPeriod.objects.get().spent_micros == 10


@pytest.mark.parametrize("text", ["2026-13", "2026", "26-01", "2026-1", "2026-01-01", "一月", "2026W011", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is no month"):
        run("--month", text)


@pytest.mark.parametrize("size", ["0", "-1", "10001"])
def test_batches_have_a_size(size: str) -> None:
    with pytest.raises(CommandError, match="--batch-size"):
        run("--batch-size", size)


# -- mending -------------------------------------------------------------------------------------------------------


def test_repair_sets_what_the_ledger_says_and_nothing_else(alice: User, bob: User) -> None:
    one_of_each(alice)
    one_of_each(bob)
    plant(alice, spent_micros=0, reserved_micros=9_999)
    calls = list(ProviderCall.objects.order_by("pk").values())
    others = BudgetPeriod.objects.filter(owner=bob).values().get()
    said = run("--repair")
    assert "used USD 0.00, the ledger says USD 0.00037" in said
    assert "2 budgets of" in said
    assert "1 were mended" in said
    assert money(alice) == (370, 1500)
    assert BudgetPeriod.objects.filter(owner=bob).values().get() == others
    assert list(ProviderCall.objects.order_by("pk").values()) == calls
    assert "all agree" in run("--repair")


def test_open_calls_settle_as_ever_after_a_repair(alice: User) -> None:
    call = reserve(alice)
    ledger.mark_sent(call)
    plant(alice, reserved_micros=0)
    run("--repair")
    ledger.settle(call, micros=120, usage=Usage(), result={})
    assert money(alice) == (120, 0)


def test_what_agrees_by_now_is_left_alone(alice: User) -> None:
    """Between the look and the repair somebody else has mended it."""
    settled(alice, 10)
    plant(alice, spent_micros=11)
    walk = list(budget_drifts(month_of(timezone.now()), batch_size=10))
    plant(alice, spent_micros=10)
    changed = BudgetPeriod.objects.get().updated_at
    with mock.patch("generation.management.commands.check_budgets.budget_drifts", return_value=walk):
        run("--repair", "--month", f"{timezone.now():%Y-%m}")
    assert BudgetPeriod.objects.get().updated_at == changed


def test_a_budget_of_nobodys_calls_is_emptied(alice: User) -> None:
    settled(alice, 10)
    ProviderCall.objects.all().delete()
    refused()
    run("--repair")
    assert money(alice) == (0, 0)
    assert budget_mend(owner_id=alice.pk, month=date(2020, 1, 1), is_test=False) is None
    assert BudgetPeriod.objects.count() == 1, "no row is made for a month without calls"


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("check_budgets", "--help")
    said = capsys.readouterr().out
    for promise in (
        "--repair",
        "Exit codes: 0",
        "server goes on running",
        "manage.py check_budgets --month 2026-01",
    ):
        assert promise in said


def test_statuses_are_all_counted_on_one_side() -> None:
    """A new status must be thought of here."""
    assert {status.value for status in CallStatus} == {"reserved", "sent", "settled", "released", "uncertain"}
