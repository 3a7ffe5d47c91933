"""Cases of prompts over HTTP, evaluations of candidates, and what keeps a version out of production."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, User
from accounts.services.budgets import budget_set
from generation.jobs import runner
from generation.models import Job, ProviderCall
from generation.providers.base import CONTENT_REFUSED, ProviderError
from prompts.models import Prompt, PromptCase, PromptEvaluation, PromptTrial
from prompts.services.evaluations import EvaluationOptions, evaluation_create
from prompts.services.prompts import prompt_update
from tests.generation.factories import run_children
from tests.prompts.factories import optimized, prompt_of
from tests.support import scripted_llm
from tests.support.scripted_llm import plays

pytestmark = pytest.mark.django_db

OLD, NEW = "给{{客户}}写信", "给{{客户}}写一封信，提到补偿"
CASE = {
    "name": "提到补偿",
    "values": {"客户": "林小姐"},
    "assertions": [{"type": "contains", "value": "补偿"}, {"type": "length", "max": 1_000}],
}


@pytest.fixture
def client(client_for: Callable[[User], APIClient], alice: User) -> APIClient:
    return client_for(alice)


@pytest.fixture
def prompt(alice: User) -> Prompt:
    """With two versions."""
    made = prompt_of(alice, OLD, title="道歉")
    return prompt_update(prompt=made, content=NEW)


def address(prompt: Prompt, path: str = "") -> str:
    return f"/api/v1/prompts/{prompt.pk}{path}"


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def fields(answer: Any) -> set[str]:
    assert fault(answer) == (422, "VALIDATION_FAILED")
    return {detail["field"].partition(".")[0] for detail in answer.json()["data"]["details"]["fields"]}


def finish(pk: Any) -> PromptEvaluation:
    runner.run(pk, publish=False)
    run_children(Job.objects.get(pk=pk))
    return PromptEvaluation.objects.select_related("job").get(pk=pk)


def evaluated(client: APIClient, prompt: Prompt, **body: Any) -> dict[str, Any]:
    """The report of an evaluation that is over."""
    answer = client.post(address(prompt, "/evaluate"), body)
    assert answer.status_code == 202, answer.json()
    pk = answer.json()["data"]["id"]
    finish(pk)
    report: dict[str, Any] = client.get(f"/api/v1/prompts/evaluations/{pk}/report").json()["data"]
    return report


class TestCases:
    def test_a_case_is_kept_changed_and_deleted(self, client: APIClient, prompt: Prompt) -> None:
        made = client.post(address(prompt, "/cases"), CASE)
        assert made.status_code == 201
        case = made.json()["data"]
        assert {name: case[name] for name in CASE} == CASE
        where = made.headers["Location"]
        assert client.get(where).json()["data"] == case
        changed = client.patch(where, {"name": "补偿"}).json()["data"]
        assert (changed["name"], changed["assertions"]) == ("补偿", CASE["assertions"])
        for listed in (address(prompt, "/cases"), f"/api/v1/prompts/cases?prompt_id={prompt.pk}"):
            assert [one["id"] for one in client.get(listed).json()["data"]] == [case["id"]]
        assert client.delete(where).status_code == 204
        assert not PromptCase.objects.exists()
        told = Activity.objects.filter(action__endswith="_prompt_case").order_by("pk")
        assert [one.action.partition("_")[0] for one in told] == ["create", "update", "delete"]

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({"assertions": [{"type": "length", "max": 1}]}, {"name"}),
            ({"name": "x"}, {"assertions"}),
            ({"name": "x", "assertions": []}, {"assertions"}),
            ({"name": "x", "assertions": ["contains"]}, {"assertions"}),
            ({"name": "x", "assertions": [{"type": "length", "max": 1}] * 21}, {"assertions"}),
            ({"name": "长" * 201, "assertions": [{"type": "length", "max": 1}]}, {"name"}),
            ({"name": "x", "assertions": [{"type": "length", "max": 1}], "values": []}, {"values"}),
        ],
    )
    def test_what_makes_no_case_is_refused(
        self, client: APIClient, prompt: Prompt, body: dict[str, Any], wrong: set[str]
    ) -> None:
        assert fields(client.post(address(prompt, "/cases"), body)) == wrong

    def test_wrong_assertions_and_values_are_named(self, client: APIClient, prompt: Prompt) -> None:
        bad = {**CASE, "assertions": [CASE["assertions"][0], {"type": "matches", "pattern": "("}]}  # type: ignore[index]
        answer = client.post(address(prompt, "/cases"), bad)
        assert fault(answer) == (422, "ASSERTIONS_INVALID")
        problems = answer.json()["data"]["details"]["problems"]
        assert problems == [{"assertion": 1, "problem": "pattern_invalid", "allowed": []}]
        for wrong, allowed in (
            ({"type": "includes", "value": "x"}, {"contains", "language"}),
            ({"type": "contains", "text": "x"}, {"value"}),
            ({"type": "language", "language": "中文"}, {"zh", "en"}),
        ):
            answer = client.post(address(prompt, "/cases"), {**CASE, "assertions": [wrong]})
            assert allowed <= set(answer.json()["data"]["details"]["problems"][0]["allowed"])
        for values in ({}, {"客户": 1}, {"客户": "林", "other": "x"}):
            answer = client.post(address(prompt, "/cases"), {**CASE, "values": values})
            assert fault(answer) == (422, "VARIABLE_VALUES_INVALID")
        assert not PromptCase.objects.exists()

    def test_there_are_as_many_as_one_can_look_at(self, client: APIClient, prompt: Prompt) -> None:
        rows = [PromptCase(prompt=prompt, name=f"{n}", assertions=[]) for n in range(50)]
        PromptCase.objects.bulk_create(rows)
        assert fault(client.post(address(prompt, "/cases"), CASE)) == (422, "CASE_LIMIT")

    def test_a_rating_with_a_reason_becomes_a_case(
        self, client: APIClient, alice: User, bob: User, prompt: Prompt
    ) -> None:
        done = optimized(alice, NEW)
        body = {"values": {"客户": "林"}, "assertions": CASE["assertions"], "optimization_id": str(done.pk)}
        assert fault(client.post(address(prompt, "/cases"), body)) == (409, "OPTIMIZATION_UNRATED")
        rate = f"/api/v1/optimize/history/{done.pk}/rate"
        client.post(rate, {"rating": 2})
        assert fault(client.post(address(prompt, "/cases"), body)) == (409, "OPTIMIZATION_UNRATED")
        client.post(rate, {"rating": 2, "reason": "没有提到补偿\n也太长"})
        case = client.post(address(prompt, "/cases"), body).json()["data"]
        assert (case["name"], case["optimization_id"]) == ("没有提到补偿", str(done.pk))
        for pk in (optimized(bob, NEW).pk, uuid4()):
            answer = client.post(address(prompt, "/cases"), {**body, "optimization_id": str(pk)})
            assert fault(answer) == (422, "OPTIMIZATION_UNKNOWN")

    def test_others_prompts_have_no_cases(self, client: APIClient, bob: User) -> None:
        theirs = prompt_of(bob, OLD)
        case = PromptCase.objects.create(prompt=theirs, name="x", assertions=CASE["assertions"])
        assert fault(client.post(address(theirs, "/cases"), CASE)) == (404, "NOT_FOUND")
        assert client.get(address(theirs, "/cases")).status_code == 404
        assert client.delete(f"/api/v1/prompts/cases/{case.pk}").status_code == 404
        assert fault(client.post(address(theirs, "/evaluate"), {})) == (404, "NOT_FOUND")


@pytest.fixture
def model(providers: Any) -> Any:
    """A model that answers the longer text better."""

    def answer(request: Any) -> str:
        return "我们会补偿您。" if "补偿" in request.messages[-1].content else "抱歉。"

    plays["deepseek"].extend([answer] * 100)
    return plays["deepseek"]


class TestEvaluations:
    def test_a_better_candidate_wins(self, client: APIClient, prompt: Prompt, model: Any) -> None:
        client.post(address(prompt, "/cases"), CASE)
        client.post(
            address(prompt, "/cases"),
            {**CASE, "name": "中文", "assertions": [{"type": "language", "language": "zh"}]},
        )
        report = evaluated(client, prompt, runs=2)
        assert (report["wins"], report["losses"], report["ties"]) == (2, 0, 2)
        assert [(one["name"], one["wins"], one["ties"]) for one in report["cases"]] == [
            ("提到补偿", 2, 0),
            ("中文", 0, 2),
        ]
        original, candidate = report["original"], report["candidate"]
        assert (original["passed"], original["failed"]) == (2, 2)
        assert (candidate["passed"], candidate["failed"], candidate["unanswered"]) == (4, 0, 0)
        assert original["input_tokens"] == candidate["input_tokens"] == 4_000
        total = original["cost_micros"] + candidate["cost_micros"]
        assert total == sum(ProviderCall.objects.values_list("cost_micros", flat=True)) > 0
        assert candidate["seconds"] >= 0
        sent = [request.messages[-1].content for _, request in scripted_llm.calls]
        assert set(sent) == {"给林小姐写信", "给林小姐写一封信，提到补偿"}

    def test_the_other_way_it_loses(self, client: APIClient, prompt: Prompt, model: Any) -> None:
        client.post(address(prompt, "/cases"), CASE)
        report = evaluated(client, prompt, version=1, original_version=2)
        assert (report["wins"], report["losses"], report["ties"]) == (0, 1, 0)

    def test_an_optimization_is_a_candidate(self, client: APIClient, alice: User, prompt: Prompt) -> None:
        client.post(address(prompt, "/cases"), CASE)
        done = optimized(alice, NEW)
        made = client.post(address(prompt, "/evaluate"), {"optimization_id": done.pk}).json()["data"]
        assert (made["original_version"], made["candidate_version"]) == (2, None)
        assert made["optimization_id"] == str(done.pk)
        finish(made["id"])
        shown = client.get(f"/api/v1/prompts/evaluations/{made['id']}").json()["data"]
        assert (shown["status"], shown["total"]) == ("succeeded", 2)
        trials = client.get(f"/api/v1/prompts/evaluations/{made['id']}/trials", {"side": "candidate"}).json()[
            "data"
        ]
        assert [trial["text"] for trial in trials] == [done.optimized_prompt.replace("{{客户}}", "林小姐")]
        assert trials[0]["verdicts"][0]["type"] == "contains"
        assert trials[0]["provider"] == "sandbox"

    def test_the_quote_holds(self, client: APIClient, prompt: Prompt) -> None:
        client.post(address(prompt, "/cases"), CASE)
        body = {"runs": 3, "model": "sandbox-priced"}
        quoted = client.post(address(prompt, "/evaluate/estimate"), body).json()["data"]["cost"]
        assert not Job.objects.exists()
        report = evaluated(client, prompt, **body)
        cost = report["original"]["cost_micros"] + report["candidate"]["cost_micros"]
        assert 0 < quoted["least_micros"] <= cost <= quoted["most_micros"]

    def test_pages_take_as_many_statements_as_rows(self, client: APIClient, prompt: Prompt) -> None:
        client.post(address(prompt, "/cases"), CASE)
        made = [client.post(address(prompt, "/evaluate"), {"runs": 2}).json()["data"]["id"] for _ in range(3)]
        one = f"/api/v1/prompts/evaluations/{made[0]}"
        expected = {
            "/api/v1/prompts/evaluations": 1,
            one: 1,
            f"{one}/trials": 1,
            f"{one}/report": 2,
            address(prompt, "/cases"): 1,
            "/api/v1/prompts/cases": 1,
        }

        def taken(where: str, **query: Any) -> int:
            """Without the look at who asks, which is remembered for some seconds."""
            with CaptureQueriesContext(connection) as queries:
                assert client.get(where, query).status_code == 200
            # PostgreSQL's prepared statements, which the lists are, come without their text.
            return sum(query["sql"] is None or '"prompts_' in query["sql"] for query in queries)

        assert {where: taken(where) for where in expected} == expected
        assert (
            taken("/api/v1/prompts/evaluations", limit=1)
            == taken("/api/v1/prompts/evaluations", limit=3)
            == 1
        )

    def test_it_is_written_down_in_as_many_statements_however_large(
        self, client: APIClient, prompt: Prompt
    ) -> None:
        client.post(address(prompt, "/cases"), CASE)

        def taken(runs: int) -> int:
            """Without what is remembered for some seconds: models, prices, own keys."""
            with CaptureQueriesContext(connection) as queries:
                evaluation_create(prompt=prompt, options=EvaluationOptions(runs=runs))
            ours = ('"prompts_', '"generation_job', "INSERT")
            return sum(any(word in query["sql"] for word in ours) for query in queries)

        assert taken(1) == taken(10) <= 20

    def test_a_budget_that_can_t_pay_refuses(self, client: APIClient, alice: User, prompt: Prompt) -> None:
        client.post(address(prompt, "/cases"), CASE)
        budget_set(user=alice, limit_micros=0)
        answer = client.post(address(prompt, "/evaluate"), {"model": "sandbox-priced"})
        assert fault(answer) == (402, "BUDGET_EXCEEDED")
        assert not PromptTrial.objects.exists()

    def test_an_answer_in_vain_is_neither_won_nor_lost(
        self, client: APIClient, prompt: Prompt, model: Any
    ) -> None:
        client.post(address(prompt, "/cases"), CASE)
        model.clear()
        model.append(ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False))
        report = evaluated(client, prompt)
        assert (report["wins"], report["losses"], report["ties"]) == (0, 0, 0)
        assert report["original"]["unanswered"] + report["candidate"]["unanswered"] == 1

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"version": 9}, "PROMPT_VERSION_UNKNOWN"),
            ({"original_version": 9}, "PROMPT_VERSION_UNKNOWN"),
            ({"version": 1, "original_version": 1}, "CANDIDATE_MISSING"),
            ({"optimization_id": str(uuid4())}, "OPTIMIZATION_UNKNOWN"),
            ({"case_ids": [str(uuid4())]}, "CASES_MISSING"),
            ({"model": "gpt-9"}, "MODEL_UNKNOWN"),
        ],
    )
    def test_what_can_t_be_compared(
        self, client: APIClient, prompt: Prompt, body: dict[str, Any], expected: str
    ) -> None:
        client.post(address(prompt, "/cases"), CASE)
        for path in ("/evaluate", "/evaluate/estimate"):
            assert fault(client.post(address(prompt, path), body)) == (422, expected)
        assert not Job.objects.exists()

    def test_without_cases_nothing_is_tried(self, client: APIClient, prompt: Prompt) -> None:
        assert fault(client.post(address(prompt, "/evaluate"), {})) == (422, "CASES_MISSING")

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({"runs": 0}, {"runs"}),
            ({"runs": 11}, {"runs"}),
            ({"version": 1, "optimization_id": str(uuid4())}, {"version"}),
            ({"case_ids": ["x"]}, {"case_ids"}),
            ({"candidate": 1}, {"candidate"}),
        ],
    )
    def test_bad_questions(
        self, client: APIClient, prompt: Prompt, body: dict[str, Any], wrong: set[str]
    ) -> None:
        assert fields(client.post(address(prompt, "/evaluate"), body)) == wrong

    def test_too_many_answers(self, client: APIClient, prompt: Prompt) -> None:
        rows = [
            PromptCase(prompt=prompt, name=f"{n}", values=CASE["values"], assertions=CASE["assertions"])
            for n in range(26)
        ]
        PromptCase.objects.bulk_create(rows)
        answer = client.post(address(prompt, "/evaluate"), {"runs": 10})
        assert fault(answer) == (422, "EVALUATION_TOO_LARGE")

    def test_too_much_text(self, client: APIClient, prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("prompts.services.evaluations.TRIALS_TEXT", 10)
        client.post(address(prompt, "/cases"), CASE)
        assert fault(client.post(address(prompt, "/evaluate"), {})) == (422, "EVALUATION_TEXT_TOO_LONG")
        assert not PromptEvaluation.objects.exists()


class TestProduction:
    def label(self, client: APIClient, prompt: Prompt, **body: Any) -> Any:
        return client.put(address(prompt, "/labels/production"), body)

    def test_a_version_that_fails_needs_a_reason(self, client: APIClient, prompt: Prompt, model: Any) -> None:
        case = client.post(address(prompt, "/cases"), CASE).json()["data"]
        assert self.label(client, prompt, version=1).status_code == 200, "nothing was tried yet"
        evaluated(client, prompt)
        assert self.label(client, prompt, version=2).status_code == 200
        refused = client.put(
            address(prompt, "/labels/production"), {"version": 1}, headers={"Accept-Language": "zh"}
        )
        assert fault(refused) == (409, "CASES_FAIL")
        assert "提到补偿" in refused.json()["data"]["message"]
        assert refused.json()["data"]["details"]["cases"] == [{"id": case["id"], "name": "提到补偿"}]
        assert fault(self.label(client, prompt, version=1, reason="  ")) in (
            (409, "CASES_FAIL"),
            (422, "VALIDATION_FAILED"),
        )
        prompt.refresh_from_db()
        assert prompt.labels.get().version.number == 2
        assert client.put(address(prompt, "/labels/staging"), {"version": 1}).status_code == 200
        assert self.label(client, prompt, version=1, reason="客户等不及").status_code == 200
        told = Activity.objects.filter(action="move_label").order_by("pk").last()
        assert told is not None
        assert (told.details["reason"], told.details["failing"]) == ("客户等不及", [case["id"]])

    def test_what_was_tried_last_counts(self, client: APIClient, prompt: Prompt, model: Any) -> None:
        client.post(address(prompt, "/cases"), CASE)
        evaluated(client, prompt)
        model.clear()
        model.extend(["我们会补偿您。"] * 2)
        evaluated(client, prompt)
        assert self.label(client, prompt, version=1).status_code == 200

    def test_a_changed_case_knows_nothing_yet(self, client: APIClient, prompt: Prompt, model: Any) -> None:
        case = client.post(address(prompt, "/cases"), CASE).json()["data"]
        evaluated(client, prompt)
        where = f"/api/v1/prompts/cases/{case['id']}"
        client.patch(where, {"name": "另一个名字"})
        assert fault(self.label(client, prompt, version=1)) == (409, "CASES_FAIL")
        client.patch(where, {"assertions": [{"type": "length", "max": 10}]})
        assert self.label(client, prompt, version=1).status_code == 200

    def test_an_optimization_that_failed_fails_as_a_version_too(
        self, client: APIClient, alice: User, prompt: Prompt, providers: Any
    ) -> None:
        client.post(address(prompt, "/cases"), CASE)
        providers()
        done = optimized(alice, NEW)
        made = client.post(
            address(prompt, "/evaluate"), {"optimization_id": done.pk, "model": "sandbox"}
        ).json()["data"]
        finish(made["id"])
        PromptTrial.objects.filter(side="candidate").update(passed=False)
        client.post(f"/api/v1/optimize/history/{done.pk}/save", {"prompt_id": prompt.pk})
        assert fault(self.label(client, prompt, version=3)) == (409, "CASES_FAIL")
