"""Staff decide what an uncertain call did cost: the ledger, the budget and the audit say the same afterwards."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, BudgetPeriod, User
from accounts.selectors.budgets import budget_get
from accounts.services.budgets import budget_reserve, budget_set
from generation.jobs import ledger
from generation.jobs.services import call_resolve
from generation.models import ProviderCall
from generation.selectors.figures import things_waiting
from tests.generation.factories import text_job

pytestmark = pytest.mark.django_db

RESERVED = 5280


@pytest.fixture
def back_office() -> Client:
    boss = User.objects.create_superuser("财务小王", "wang@example.com")
    client = Client()
    client.force_login(boss)
    return client


def uncertain(owner: User, **options: Any) -> ProviderCall:
    """A call that went out and was never answered."""
    call = ledger.reserve(
        text_job(owner), "text", feature="templates.document", capability="llm", provider="深思", model="云-7b",
        micros=RESERVED, **options,
    )  # fmt: skip
    ledger.mark_sent(call)
    ledger.mark_uncertain(call, code="PROVIDER_CONNECTION_LOST")
    return call


def address(call: ProviderCall, name: str = "charged") -> str:
    return reverse(f"admin:generation_providercall_resolve_one_as_{name}", args=[call.pk])


def say(client: Client, call: ProviderCall, name: str = "charged", **fields: str) -> Any:
    return client.post(address(call, name), {"_form_submitted": "true", "note": "bill of May", **fields})


def outcome(call: ProviderCall) -> tuple[str, int | None, str]:
    call.refresh_from_db()
    return call.status, call.cost_micros, call.resolution


def spent(user: User) -> tuple[int, int]:
    state = budget_get(user.pk)
    return state.used_micros, state.reserved_micros


@pytest.mark.parametrize(
    ("name", "amount", "micros", "said"),
    [
        ("free", None, 0, "财务小王: released (bill of May)"),
        ("charged", "", RESERVED, "财务小王: charged (bill of May)"),
        ("charged", "0.004", 4000, "财务小王: charged USD 0.004 (bill of May)"),
        ("charged", "0", 0, "财务小王: charged USD 0.00 (bill of May)"),
        ("charged", "0.000001", 1, "财务小王: charged USD 0.000001 (bill of May)"),
    ],
)
def test_what_a_person_says_is_what_the_budget_counts(
    back_office: Client, alice: User, name: str, amount: str | None, micros: int, said: str
) -> None:
    call = uncertain(alice)
    assert spent(alice) == (0, RESERVED)
    answer = say(back_office, call, name, **({} if amount is None else {"amount": amount}))
    assert answer.headers["HX-Redirect"] == reverse("admin:generation_providercall_change", args=[call.pk])
    assert outcome(call) == ("released", micros, said)
    assert spent(alice) == (micros, 0)
    entry = AuditEntry.objects.get(object_id=str(call.pk))
    assert (entry.actor_name, entry.action) == ("财务小王", f"resolve_one_as_{name}")
    assert entry.changes["resolution"] == {"from": "", "to": said}
    assert entry.changes["cost"]["from"] == "0 - USD 0.00528"


def test_more_than_was_set_aside_is_warned_of_and_taken_the_second_time(
    back_office: Client, alice: User
) -> None:
    call = uncertain(alice)
    warned = say(back_office, call, amount="0.0060")
    assert "more than the USD 0.00528 that was set aside" in warned.text
    assert outcome(call)[0] == "uncertain"
    assert not AuditEntry.objects.exists()
    kept = warned.context["form"].data["confirmed"]
    assert f'name="confirmed" value="{kept}"' in warned.text
    other = say(back_office, call, amount="0.0070", confirmed=kept)
    assert "more than the USD 0.00528" in other.text, "another amount is warned of anew"
    say(back_office, call, amount="0.0060", confirmed=kept)
    assert outcome(call) == ("released", 6000, "财务小王: charged USD 0.006 (bill of May)")
    assert spent(alice) == (6000, 0)


@pytest.mark.parametrize("name", ["free", "charged"])
@pytest.mark.parametrize("note", ["", "  ", "x"])
def test_one_call_too_is_decided_only_with_a_note_and_its_sum_in_sight(
    back_office: Client, alice: User, name: str, note: str
) -> None:
    call = uncertain(alice)
    assert "USD 0.00528 is set aside for it." in back_office.get(address(call, name)).text
    answer = say(back_office, call, name, note=note)
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["note"])
    assert outcome(call) == ("uncertain", None, "")
    assert spent(alice) == (0, RESERVED)


@pytest.mark.parametrize("amount", ["-0.01", "0.0000001", "五毛", "1e99", "NaN", "Infinity", "1 000"])
def test_what_is_no_amount_changes_nothing(back_office: Client, alice: User, amount: str) -> None:
    call = uncertain(alice)
    answer = say(back_office, call, amount=amount)
    assert answer.status_code == 200
    assert answer.context["form"].errors["amount"]
    assert outcome(call) == ("uncertain", None, "")
    assert spent(alice) == (0, RESERVED)


def test_the_second_of_two_decisions_is_refused(back_office: Client, alice: User) -> None:
    call = uncertain(alice)
    page = back_office.get(reverse("admin:generation_providercall_change", args=[call.pk]))
    assert address(call) in page.text
    assert call_resolve(call_id=call.pk, outcome="released", resolution="somebody else")
    answer = say(back_office, call)
    assert [str(one) for one in get_messages(answer.wsgi_request)][0].endswith(
        "It was changed in the meantime."
    )
    assert outcome(call) == ("released", 0, "somebody else")
    assert not AuditEntry.objects.exists()
    page = back_office.get(reverse("admin:generation_providercall_change", args=[call.pk]))
    assert address(call) not in page.text, "nothing is left to decide"


def test_many_at_once_from_the_list(back_office: Client, alice: User, bob: User) -> None:
    calls = [uncertain(alice), uncertain(alice), uncertain(bob)]
    form = {"action": "resolve_as_charged", "_selected_action": [str(call.pk) for call in calls]}
    url = reverse("admin:generation_providercall_changelist")
    asked = back_office.post(url, form)
    assert "3 uncertain calls, USD 0.01584 set aside." in asked.text, "one click moves no money"
    form["confirmed"] = "yes"
    assert "is" in back_office.post(url, {**form, "note": ""}).context["form"].errors["note"][0]
    assert not AuditEntry.objects.exists()
    back_office.post(url, {**form, "note": "bill of May"})
    assert (spent(alice), spent(bob)) == ((2 * RESERVED, 0), (RESERVED, 0))
    calls[0].refresh_from_db()
    assert calls[0].resolution == "财务小王: charged (bill of May)"
    assert AuditEntry.objects.filter(action="resolve_as_charged").count() == 3


@pytest.mark.parametrize("object_id", ["茶", "019a6f60-4c1e-7d30-b2aa-6f1d2c3b4a59"])
def test_an_address_that_names_no_call_does_nothing(back_office: Client, object_id: str) -> None:
    url = reverse("admin:generation_providercall_resolve_one_as_charged", args=[object_id])
    assert back_office.get(url).status_code == 200
    answer = back_office.post(url, {"_form_submitted": "true"})
    assert (answer.status_code, list(get_messages(answer.wsgi_request))) == (200, [])


def test_the_owner_sees_what_became_of_it(alice: User, client_for: Any) -> None:
    call = uncertain(alice)
    client = client_for(alice)

    def shown() -> Any:
        return client.get(f"/api/v1/jobs/{call.job_id}").json()["data"]["calls"][0]

    assert (shown()["status"], shown()["cost_micros"], shown()["is_resolved"]) == ("uncertain", None, False)
    call_resolve(call_id=call.pk, outcome="charged", resolution="财务小王: charged", micros=4000)
    assert (shown()["status"], shown()["cost_micros"], shown()["is_resolved"]) == ("released", 4000, True)
    assert "财务小王" not in client.get(f"/api/v1/jobs/{call.job_id}").text, (
        "who of the staff it was is theirs"
    )


# -- the work list -------------------------------------------------------------------------------------------------


def test_play_money_is_nobodys_work(alice: User, back_office: Client) -> None:
    play = uncertain(alice, is_test=True)
    real = uncertain(alice)
    waiting = things_waiting()
    assert (waiting.uncertain_calls, waiting.uncertain_micros) == (1, RESERVED)
    assert (waiting.uncertain_play, waiting.oldest_uncertain) == (1, [real, play])
    tile = back_office.get(reverse("admin:index")).context["tiles"][1]
    assert tile["value"] == "1"
    assert "1 of the sandbox besides" in tile["note"]
    shown = back_office.get(tile["url"])
    assert set(shown.context["cl"].result_list) == {real, play}


def budget(user: User, limit: int | None, used: int, *, is_test: bool = False) -> BudgetPeriod:
    if limit is not None or used:
        budget_set(user=user, limit_micros=None)
    budget_reserve(owner_id=user.pk, micros=used, is_test=is_test)
    budget_set(user=user, limit_micros=limit)
    return BudgetPeriod.objects.get(owner=user, is_test=is_test)


def test_budgets_near_the_limit_are_named_the_nearest_first(
    back_office: Client, alice: User, bob: User, charlie: User, settings: Any
) -> None:
    settings.MONTHLY_BUDGET_USD = 20
    User.objects.filter(pk=alice.pk).update(username="云上茶馆的小李")
    first = budget(alice, 1_000_000, 999_999)
    second = budget(bob, 1_000_000, 800_000)
    budget(charlie, 1_000_000, 799_999)
    waiting = things_waiting()
    assert [(one.period_id, one.percent) for one in waiting.near_limit] == [(first.pk, 99), (second.pk, 80)]
    page = back_office.get(reverse("admin:index"))
    tile = page.context["tiles"][2]
    assert (tile["value"], tile["is_bad"]) == ("2", True)
    assert "云上茶馆的小李" in page.text
    assert reverse("admin:accounts_budgetperiod_change", args=[first.pk]) in page.text
    assert set(back_office.get(tile["url"]).context["cl"].result_list) == {first, second}


@pytest.mark.parametrize(
    ("limit", "used", "is_named"),
    [
        (None, 10**15, False),  # no limit
        (0, 1, True),  # lowered below what was spent
        (100, 80, True),
        (101, 80, False),
        (1, 1, True),
        (2**62, 2**62 // 5 * 4, False),  # a rounded-down hair below
        (2**62, 2**62 - 2**62 // 5, True),
    ],
)
def test_where_near_begins(alice: User, limit: int | None, used: int, is_named: bool) -> None:
    period = budget(alice, None, 1)
    BudgetPeriod.objects.filter(pk=period.pk).update(spent_micros=used, reserved_micros=0)
    budget_set(user=alice, limit_micros=limit)
    assert bool(things_waiting().near_limit) == is_named


def test_the_default_limit_play_money_and_other_months_count_as_they_should(
    alice: User, bob: User, settings: Any
) -> None:
    settings.MONTHLY_BUDGET_USD = 1
    budget_reserve(owner_id=alice.pk, micros=900_000, is_test=False)
    budget_reserve(owner_id=bob.pk, micros=900_000, is_test=True)
    last_month = timezone.now().date().replace(day=1, year=timezone.now().year - 1)
    BudgetPeriod.objects.create(owner=bob, month=last_month, spent_micros=10**9)
    assert [one.owner_name for one in things_waiting().near_limit] == ["alice"]
    settings.MONTHLY_BUDGET_USD = -1
    assert things_waiting().near_limit == []
