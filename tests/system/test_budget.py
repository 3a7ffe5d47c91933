"""Fifty requests at once against a budget for ten, over HTTP, with a real server and a real worker.

Never is more spent and set aside than there is; ten documents are written, everybody else is told that the budget is
used up, and the vendor has seen no call that nobody paid for.
"""

from __future__ import annotations

import json
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.selectors.budgets import BudgetState, budgets_get
from accounts.services.budgets import budget_set
from generation.domain.states import ACTIVE
from generation.jobs import sweeper
from generation.models import Job, ProviderCall
from templates.models import Document, TemplateBatch
from tests.conftest import PASSWORD
from tests.support.patience import PATIENCE
from tests.support.processes import House
from tests.system.test_factory import Client, served
from tests.templates.factories import project_of, template_of

pytestmark = pytest.mark.system

REQUESTS, ROOM = 50, 10
#: So long that calls overlap, and shorter than the first pause of who finds the budget held.
CALL_SECONDS = 0.3


def a_long_document(body: Mapping[str, Any]) -> str:
    """A third of what a call may be answered with, so that several calls fit into the budget at the same time."""
    lines = [f"- 第{number}家茶馆：老人也能用，不需要办卡，随时可以预约。" for number in range(60)]
    return "\n".join(["# 云上茶馆：简介 🍵", "", "为社区茶馆提供预约。", "", *lines, ""])


@dataclass
class Watch:
    """Looks at the budget again and again while others spend it."""

    owner_id: Any
    is_test: bool
    looks: int = 0
    most_held: int = 0
    overdrawn: list[BudgetState] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self._look, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _look(self, stop: Event) -> None:
        try:
            while not stop.wait(0.005):
                state = budgets_get(self.owner_id)[self.is_test]
                self.looks += 1
                self.most_held = max(self.most_held, state.reserved_micros)
                if state.used_micros + state.reserved_micros > (state.limit_micros or 0):
                    self.overdrawn.append(state)
        finally:
            connection.close()


def generate(client: Client, model: str) -> tuple[int, dict[str, Any]]:
    """Ask for one more document, as a client does: again while the answer says that it may help."""
    deadline = time.monotonic() + PATIENCE
    while True:
        asked = {"limit": 1, "languages": ["zh"], "model": model}
        try:
            return 202, client.ask("POST", "/templates/batch-generate", asked)
        except urllib.error.HTTPError as refused:
            told = json.load(refused)["data"]
            if not told["retryable"] or time.monotonic() > deadline:
                return refused.code, told
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("model", "is_test"),
    [("deepseek-chat", False), pytest.param("sandbox-priced", True, marks=pytest.mark.once)],
)
def test_fifty_requests_against_a_budget_for_ten(home: House, model: str, is_test: bool) -> None:
    home.llm.answer, home.llm.delay = a_long_document, CALL_SECONDS
    for number in range(10, 10 + REQUESTS + 2):
        project_of(
            home.owner, code=f"p{number}", name_zh=f"云上茶馆{number}", name_en=f"Cloud Tea House {number}",
            description_zh=f"为社区茶馆提供预约。[[sandbox:slow={CALL_SECONDS}]]", description_en="Bookings.",
        )  # fmt: skip
    template_of(code="brief", name_zh="产品简介", name_en="Product brief")
    watch = Watch(home.owner.pk, is_test)

    with served(home) as client:
        login = {"login": home.owner.username, "password": PASSWORD}
        client.token = client.ask("POST", "/auth/login", login)["access"]
        most, cost = price_of_one(home, client, model)
        assert 2 * cost < most
        # One is written. Beside nine more another one fits, and beside ten none.
        limit = 10 * cost + cost // 2 + most
        budget_set(user=home.owner, limit_micros=limit)

        with watch.watching(), ThreadPoolExecutor(REQUESTS) as clients:
            answers = list(clients.map(lambda _: generate(client, model), range(REQUESTS)))
            until_over(home)

        refused = [told for status, told in answers if status == 402]
        assert {status for status, _ in answers} <= {202, 402}
        assert {told["code"] for told in refused} <= {"BUDGET_EXCEEDED"}
        asked = [told["job_id"] for status, told in answers if status == 202]
        items = Counter(Job.objects.filter(parent_id__in=asked).values_list("status", "error_code"))
        assert items["succeeded", ""] == ROOM
        assert items["failed", "BUDGET_EXCEEDED"] + len(refused) == REQUESTS - ROOM
        assert len(items) <= 2
        assert Document.objects.count() == ROOM + 1

        assert watch.looks > 20
        assert watch.overdrawn == []
        assert watch.most_held >= 2 * most, "several calls were under way at the same time"
        told = client.ask("GET", "/usage/budget")
        money = told["test"] if is_test else told
        spent = sum(ProviderCall.objects.values_list("cost_micros", flat=True))
        assert (money["used_micros"], money["reserved_micros"], money["limit_micros"]) == (spent, 0, limit)
        assert money["left_micros"] == limit - spent > 0
        usage = client.ask("GET", f"/usage?by=model&is_test={str(is_test).lower()}")
        assert [(row["key"], row["cost_micros"]) for row in usage["rows"]] == [(model, spent)]
        assert len(home.llm.calls) == (0 if is_test else ROOM + 1), "nobody called past the ledger"
        call_command("check_budgets", verbosity=0)

        refuses_at_the_door(home, client, model, spent)


def price_of_one(home: House, client: Client, model: str) -> tuple[int, int]:
    """What is set aside for a document, and what one of them costs."""
    client.ask("POST", "/templates/batch-generate?wait=30", {"limit": 1, "languages": ["zh"], "model": model})
    (call,) = client.ask("GET", "/usage/calls")
    assert call["status"] == "settled"
    return call["reserved_micros"], call["cost_micros"]


def until_over(home: House) -> None:
    """With beat's sweeps, and the pauses between attempts as they are: a call that runs ends before they do."""

    def over() -> bool:
        sweeper.sweep()
        return not Job.objects.filter(status__in=ACTIVE).exists()

    home.until(over, "the end of all jobs")


def refuses_at_the_door(home: House, client: Client, model: str, spent: int) -> None:
    """Where nothing is left, a request isn't even written down; the answer says all that one needs to know."""
    budget_set(user=home.owner, limit_micros=spent)
    before = TemplateBatch.objects.count()
    status, told = generate(client, model)
    assert (status, told["code"], told["retryable"], told["charged"]) == (
        402,
        "BUDGET_EXCEEDED",
        False,
        False,
    )
    details = told["details"]
    assert (details["limit_micros"], details["used_micros"], details["reserved_micros"]) == (spent, spent, 0)
    assert details["needed_micros"] > 0
    assert details["renews_at"].endswith("-01T00:00:00.000000Z")
    assert TemplateBatch.objects.count() == before
