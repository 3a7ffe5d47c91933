"""Staff set limits in dollars, and see what of each month's budget is gone."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.domain.limits import is_near
from accounts.domain.months import months_back
from accounts.models import AuditEntry, Budget, BudgetPeriod, User
from accounts.selectors.budgets import budget_get
from accounts.services.budgets import budget_set
from tests.conftest import make_user
from tests.support.speaking import speak

pytestmark = pytest.mark.django_db

LIMITS = "admin:accounts_budget_changelist"
MONTHS = "admin:accounts_budgetperiod_changelist"


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture(autouse=True)
def _default(settings: Any) -> None:
    settings.MONTHLY_BUDGET_USD = 20


def period(owner: User, spent: int = 0, reserved: int = 0, **fields: Any) -> BudgetPeriod:
    month = timezone.now().date().replace(day=1)
    return BudgetPeriod.objects.create(
        **{"owner": owner, "month": month, "spent_micros": spent, "reserved_micros": reserved, **fields}
    )


def listed(client: Client, address: str, **query: str) -> list[Any]:
    return list(client.get(reverse(address), query).context["cl"].result_list)


def limit(user: User) -> int | None:
    return budget_get(user.pk).limit_micros


# -- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "micros"),
    [("12.5", 12_500_000), ("0", 0), ("0.000001", 1), ("", None), ("999999999", 999_999_999_000_000)],
)
def test_a_limit_is_typed_in_dollars(
    back_office: Client, alice: User, typed: str, micros: int | None
) -> None:
    form = {"owner": str(alice.pk), "limit": typed}
    if micros is None:
        refused = back_office.post(reverse("admin:accounts_budget_add"), form)
        assert set(refused.context["adminform"].form.errors) == {"limit"}, "an empty field opens no purse"
        form["is_unlimited"] = "on"
    back_office.post(reverse("admin:accounts_budget_add"), form)
    assert Budget.objects.get().limit_micros == micros
    assert limit(alice) == micros


def test_it_is_changed_where_it_stands_and_deleting_it_lets_the_default_hold(
    back_office: Client, alice: User
) -> None:
    budget = budget_set(user=alice, limit_micros=1_250_000)
    url = reverse("admin:accounts_budget_change", args=[budget.pk])
    page = back_office.get(url)
    assert 'value="1.25"' in page.text
    assert "USD 20.00" in page.text, "what everybody else has"
    back_office.post(url, {"limit": "3"})
    assert (limit(alice), Budget.objects.get().pk) == (3_000_000, budget.pk)
    back_office.post(reverse("admin:accounts_budget_delete", args=[budget.pk]), {"post": "yes"})
    assert limit(alice) == 20_000_000


def test_nobodys_limit_becomes_somebody_elses(back_office: Client, alice: User, bob: User) -> None:
    budget = budget_set(user=alice, limit_micros=5)
    back_office.post(
        reverse("admin:accounts_budget_change", args=[budget.pk]), {"owner": str(bob.pk), "limit": "1"}
    )
    assert Budget.objects.get().owner_id == alice.pk


@pytest.mark.parametrize("typed", ["-1", "0.0000001", "五十", "1e99", "NaN", "1,5"])
def test_what_is_no_limit_is_refused(back_office: Client, alice: User, typed: str) -> None:
    form = {"owner": str(alice.pk), "limit": typed}
    page = back_office.post(reverse("admin:accounts_budget_add"), form)
    assert page.context["adminform"].form.errors["limit"]
    assert not Budget.objects.exists()


def test_a_browser_sends_what_it_cant_read_as_a_number(back_office: Client) -> None:
    """An input of type number would send nothing in its place, which means no limit."""
    field = back_office.get(reverse("admin:accounts_budget_add")).context["adminform"].form["limit"]
    assert field.field.widget.input_type == "text"


def test_one_user_has_one_limit(back_office: Client, alice: User) -> None:
    budget_set(user=alice, limit_micros=5)
    page = back_office.post(reverse("admin:accounts_budget_add"), {"owner": str(alice.pk), "limit": "1"})
    assert page.context["adminform"].form.errors["owner"]
    assert limit(alice) == 5


def test_many_are_reset_at_once(back_office: Client, alice: User, bob: User) -> None:
    rows = [budget_set(user=alice, limit_micros=5), budget_set(user=bob, limit_micros=None)]
    form = {"action": "delete_selected", "_selected_action": [str(row.pk) for row in rows], "post": "yes"}
    back_office.post(reverse(LIMITS), form)
    assert limit(alice) == limit(bob) == 20_000_000


def test_the_audit_knows_who_changed_it_from_what_to_what(back_office: Client, alice: User) -> None:
    back_office.post(reverse("admin:accounts_budget_add"), {"owner": str(alice.pk), "limit": "1.5"})
    budget = Budget.objects.get()
    url = reverse("admin:accounts_budget_change", args=[budget.pk])
    back_office.post(url, {"limit": "2.25"})
    back_office.post(url, {"limit": "2.25"})
    back_office.post(reverse("admin:accounts_budget_delete", args=[budget.pk]), {"post": "yes"})
    entries = AuditEntry.objects.filter(object_type="accounts.budget").order_by("pk")
    assert [entry.action for entry in entries] == ["add", "change", "delete"], (
        "nothing changed, nothing written"
    )
    assert {entry.object_id for entry in entries} == {str(budget.pk)}
    assert entries[0].changes["limit"]["to"] == "1.5"
    assert entries[1].changes == {"limit": {"from": "1.5", "to": "2.25"}}


def test_who_may_only_look_changes_nothing(alice: User) -> None:
    clerk = make_user("出纳", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_budget", "view_budgetperiod"]))
    client = Client()
    client.force_login(clerk)
    budget = budget_set(user=alice, limit_micros=5)
    assert client.get(reverse("admin:accounts_budget_change", args=[budget.pk])).status_code == 200
    assert (
        client.post(reverse("admin:accounts_budget_change", args=[budget.pk]), {"limit": "9"}).status_code
        == 403
    )
    assert client.get(reverse("admin:accounts_budget_add")).status_code == 403
    assert limit(alice) == 5


# -- months --------------------------------------------------------------------------------------------------------


def test_a_month_shows_all_its_figures(back_office: Client, alice: User) -> None:
    row = period(alice, 12_000_000, 4_000_000)
    page = back_office.get(reverse("admin:accounts_budgetperiod_change", args=[row.pk])).text
    for figure in ("USD 12.00", "USD 4.00", "USD 20.00", "60 % used, 20 % set aside", f"{row.month:%Y-%m}"):
        assert figure in page
    assert "width: 60%; background: #dc2626" in page, "four fifths are gone"
    assert reverse("admin:accounts_budget_add") + f"?owner={alice.pk}" in page
    page = speak(back_office, "zh-CN").get(reverse("admin:accounts_budgetperiod_change", args=[row.pk]))
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("own", "spent", "reserved", "widths", "left"),
    [
        (10, 5, 2, (50, 20), "USD 0.000003"),
        (10, 15, 5, (100, 0), "USD 0.00"),  # the limit was lowered
        (10, 7, 9, (70, 30), "USD 0.00"),
        (0, 0, 0, (0, 0), "USD 0.00"),
        (0, 3, 0, (100, 0), "USD 0.00"),
    ],
)
def test_the_bar_never_leaves_its_frame(
    back_office: Client, alice: User, own: int, spent: int, reserved: int, widths: tuple[int, int], left: str
) -> None:
    budget_set(user=alice, limit_micros=own)
    row = period(alice, spent, reserved)
    page = back_office.get(reverse("admin:accounts_budgetperiod_change", args=[row.pk])).text
    assert f"width: {widths[0]}%" in page
    assert f"width: {widths[1]}%" in page
    assert left in page


def test_no_limit_has_no_bar(back_office: Client, alice: User) -> None:
    budget = budget_set(user=alice, limit_micros=None)
    row = period(alice, 10**12)
    page = back_office.get(reverse("admin:accounts_budgetperiod_change", args=[row.pk])).text
    assert "no limit" in page
    assert 'role="img"' not in page
    assert reverse("admin:accounts_budget_change", args=[budget.pk]) in page


def test_months_are_found_by_owner_month_and_kind_of_money(
    back_office: Client, alice: User, bob: User
) -> None:
    User.objects.filter(pk=alice.pk).update(username="云上茶馆的小李")
    now = period(alice, 1)
    old = period(alice, 1, month=date(2024, 2, 1))
    play = period(bob, 1, is_test=True)
    assert set(listed(back_office, MONTHS, q="云上")) == {now, old}
    assert set(listed(back_office, MONTHS, q=str(alice.pk))) == {now, old}
    assert listed(back_office, MONTHS, q="bob@exa") == [play]
    assert listed(back_office, MONTHS, q="茶馆") == [], "names are searched from their beginning"
    assert listed(back_office, MONTHS, month="2024-02") == [old]
    assert set(listed(back_office, MONTHS, month="2024-13")) == {now, old, play}, "no month, no filter"
    assert listed(back_office, MONTHS, is_test__exact="1") == [play]
    assert listed(back_office, MONTHS, q="小王") == []


def test_the_filter_for_little_left_follows_each_owners_limit(
    back_office: Client, alice: User, bob: User, charlie: User
) -> None:
    budget_set(user=alice, limit_micros=100)
    budget_set(user=charlie, limit_micros=None)
    near = period(alice, 60, 20)
    period(bob, 80)
    period(charlie, 10**15)
    assert listed(back_office, MONTHS, near="yes") == [near]


def test_nobody_writes_months_by_hand(back_office: Client, alice: User) -> None:
    row = period(alice, 5)
    url = reverse("admin:accounts_budgetperiod_change", args=[row.pk])
    assert back_office.post(url, {"spent_micros": "0"}).status_code == 403
    assert back_office.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert back_office.get(reverse("admin:accounts_budgetperiod_add")).status_code == 403


def test_a_month_among_many_is_read_by_its_index(back_office: Client, alice: User) -> None:
    """Of a million rows the page reads one month's, and in their order; the plan says so."""
    owners = [make_user(f"茶客{number}") for number in range(20)]
    months = months_back(timezone.now().date().replace(day=1), 40)
    BudgetPeriod.objects.bulk_create(
        BudgetPeriod(owner=owner, month=month) for owner in owners for month in months
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_budgetperiod")
    with CaptureQueriesContext(connection) as asked:
        assert len(listed(back_office, MONTHS, month=f"{months[30]:%Y-%m}")) == 20
    queries = [query["sql"] for query in asked if 'FROM "accounts_budgetperiod"' in query["sql"]]
    assert queries
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"{explain} {query}")
            plan = "\n".join(str(row) for row in cursor.fetchall())
        assert "budget_period_month" in plan, plan


# -- from a user's page --------------------------------------------------------------------------------------------


def test_a_users_page_leads_to_both(back_office: Client, alice: User) -> None:
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    page = back_office.get(url).text
    assert "USD 20.00 (the default)" in page
    assert f"{reverse('admin:accounts_budget_add')}?owner={alice.pk}" in page
    assert f"{reverse(MONTHS)}?q={alice.pk}" in page
    added = back_office.get(f"{reverse('admin:accounts_budget_add')}?owner={alice.pk}")
    assert added.context["adminform"].form.initial["owner"] == str(alice.pk)
    budget = budget_set(user=alice, limit_micros=1_500_000)
    page = back_office.get(url).text
    assert "USD 1.50" in page
    assert reverse("admin:accounts_budget_change", args=[budget.pk]) in page


# -- the rules behind it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "limit_micros", "expected"),
    [
        (80, 100, True),
        (79, 100, False),
        (0, 0, False),
        (1, 0, True),
        (5, None, False),
        (4, 5, True),
        (3, 4, False),
    ],
)
def test_what_is_near(taken: int, limit_micros: int | None, expected: bool) -> None:
    assert is_near(taken, limit_micros) is expected


@pytest.mark.parametrize("taken", [0, 1, 79, 80, 81, 100, 101])
@pytest.mark.parametrize("own", [0, 1, 2, 99, 100, 101, None])
def test_the_database_and_the_program_agree_about_it(alice: User, taken: int, own: int | None) -> None:
    budget_set(user=alice, limit_micros=own)
    period(alice, taken // 2, taken - taken // 2)
    assert BudgetPeriod.objects.near_limit(1).exists() is is_near(taken, own)


def test_months_back_crosses_years() -> None:
    assert [f"{one:%Y-%m}" for one in months_back(date(2026, 2, 1), 4)] == [
        "2026-02", "2026-01", "2025-12", "2025-11",
    ]  # fmt: skip
