"""The optimizer over HTTP: ask, follow, go on, judge, keep; and every bad question."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, User
from accounts.services.budgets import budget_set
from generation.models import Job, ProviderCall
from prompts.models import Optimization, Prompt
from tests.prompts.factories import optimized, prompt_of, run_optimization, tag_of
from tests.support.catalogue import model_make

pytestmark = pytest.mark.django_db

OPTIMIZE = "/api/v1/optimize"
HISTORY = f"{OPTIMIZE}/history"
PROMPT = "给{{客户}}写一封道歉邮件"


@pytest.fixture
def client(client_for: Callable[[User], APIClient], alice: User) -> APIClient:
    return client_for(alice)


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def fields(answer: Any) -> set[str]:
    assert fault(answer) == (422, "VALIDATION_FAILED")
    return {detail["field"].partition(".")[0] for detail in answer.json()["data"]["details"]["fields"]}


def node(client: APIClient, pk: Any) -> Any:
    return client.get(f"{HISTORY}/{pk}").json()["data"]


class TestAsking:
    def test_it_answers_at_once_and_is_followed(self, client: APIClient) -> None:
        answer = client.post(OPTIMIZE, {"prompt": PROMPT, "mode": "writing", "wish": "提到补偿"})
        assert answer.status_code == 202
        row = answer.json()["data"]
        assert answer.headers["Location"] == f"/api/v1/jobs/{row['id']}"
        assert (row["id"], row["tree_id"], row["status"]) == (row["job_id"], row["id"], "queued")
        assert (row["optimized_prompt"], row["parent_id"], row["source"], row["saved"]) == (
            "",
            None,
            None,
            None,
        )
        run_optimization(row["id"])
        done = node(client, row["id"])
        assert done["status"] == "succeeded"
        assert "{{客户}}" in done["optimized_prompt"]
        assert "提到补偿" in done["optimized_prompt"]
        assert done["improvements"]
        assert done["expected_benefits"]
        assert (done["provider"], done["model"], done["cost_micros"]) == ("sandbox", "sandbox", 0)
        assert done["input_tokens"] > 0
        assert done["prompt"] == PROMPT
        job = client.get(f"/api/v1/jobs/{row['id']}").json()["data"]
        assert job["output"]["optimization_id"] == row["id"]

    def test_a_prompt_of_the_library_is_taken_as_it_is(self, client: APIClient, alice: User) -> None:
        prompt = prompt_of(alice, "写一封邮件给{{name}}")
        client.patch(f"/api/v1/prompts/{prompt.pk}", {"content": "写一封短信给{{name}}"})
        row = client.post(OPTIMIZE, {"prompt_id": prompt.pk}).json()["data"]
        assert (row["prompt"], row["source"]) == (
            "写一封短信给{{name}}",
            {"prompt_id": str(prompt.pk), "version": 2},
        )
        first = client.post(OPTIMIZE, {"prompt_id": prompt.pk, "version": 1}).json()["data"]
        assert (first["prompt"], first["source"]["version"]) == ("写一封邮件给{{name}}", 1)
        assert len(client.get(HISTORY, {"prompt_id": str(prompt.pk)}).json()["data"]) == 2

    def test_the_quote_is_what_it_costs_at_most(self, client: APIClient, alice: User) -> None:
        body = {"prompt": PROMPT, "model": "sandbox-priced"}
        quoted = client.post(f"{OPTIMIZE}/estimate", body).json()["data"]
        assert not Job.objects.exists()
        assert [route["model"] for route in quoted["cost"]["routes"]] == ["sandbox-priced"]
        row = client.post(OPTIMIZE, body).json()["data"]
        run_optimization(row["id"])
        cost = node(client, row["id"])["cost_micros"]
        assert quoted["cost"]["least_micros"] <= cost <= quoted["cost"]["most_micros"]
        assert cost == sum(ProviderCall.objects.values_list("cost_micros", flat=True)) > 0

    def test_an_empty_budget_refuses_before_anything_is_made(self, client: APIClient, alice: User) -> None:
        budget_set(user=alice, limit_micros=0)
        answer = client.post(OPTIMIZE, {"prompt": PROMPT, "model": "sandbox-priced"})
        assert fault(answer) == (402, "BUDGET_EXCEEDED")
        assert not Optimization.objects.exists()
        assert not Job.objects.exists()

    def test_a_repeated_request_is_one_optimization(self, client: APIClient) -> None:
        answers = [
            client.post(OPTIMIZE, {"prompt": PROMPT}, headers={"Idempotency-Key": "once"}).json()
            for _ in range(2)
        ]
        assert answers[0] == answers[1]
        assert Optimization.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({}, {"prompt"}),
            ({"prompt": ""}, {"prompt"}),
            ({"prompt": " \n\t "}, {"prompt"}),
            ({"prompt": "写" * 10_001}, {"prompt"}),
            ({"prompt": "写" * 1_000_000}, {"prompt"}),
            ({"prompt": 7}, {"prompt"}),
            ({"prompt": "写诗", "mode": "poetry"}, {"mode"}),
            ({"prompt": "写诗", "mode": None}, {"mode"}),
            ({"prompt": "写诗", "wish": "短" * 2_001}, {"wish"}),
            ({"prompt": "写诗", "response": "春" * 20_001}, {"response"}),
            ({"prompt": "写诗", "prompt_id": str(uuid4())}, {"prompt"}),
            ({"prompt": "写诗", "version": 1}, {"prompt"}),
            ({"prompt_id": "x"}, {"prompt_id"}),
            ({"prompt": "写诗", "temperature": 1}, {"temperature"}),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, client: APIClient, body: dict[str, Any], wrong: set[str]
    ) -> None:
        for address in (OPTIMIZE, f"{OPTIMIZE}/estimate"):
            answer = client.post(address, body)
            if answer.status_code == 413:
                continue
            assert fields(answer) == wrong
        assert not Job.objects.exists()

    @pytest.mark.parametrize("text", ["\\ud83d", "\\u0000"])
    def test_what_no_text_can_hold_is_refused(self, client: APIClient, alice: User, text: str) -> None:
        done = optimized(alice, "写一首诗")
        for address, name in ((OPTIMIZE, "prompt"), (f"{HISTORY}/{done.pk}/iterate", "wish")):
            answer = client.post(
                address, f'{{"{name}": "a{text}b"}}'.encode(), content_type="application/json"
            )
            assert fault(answer) == (400, "MALFORMED_REQUEST")
        assert Optimization.objects.count() == 1

    def test_unknown_models_and_prompts_of_others(self, client: APIClient, bob: User) -> None:
        theirs = prompt_of(bob)
        for address in (OPTIMIZE, f"{OPTIMIZE}/estimate"):
            assert fault(client.post(address, {"prompt": "写诗", "model": "gpt-9"})) == (422, "MODEL_UNKNOWN")
            assert fault(client.post(address, {"prompt_id": theirs.pk})) == (422, "PROMPT_UNKNOWN")
            assert fault(client.post(address, {"prompt_id": uuid4()})) == (422, "PROMPT_UNKNOWN")
        assert not Optimization.objects.exists()

    def test_a_version_that_there_is_not_and_a_prompt_that_is_too_long(
        self, client: APIClient, alice: User
    ) -> None:
        prompt = prompt_of(alice)
        answer = client.post(OPTIMIZE, {"prompt_id": prompt.pk, "version": 9})
        assert fault(answer) == (422, "PROMPT_VERSION_UNKNOWN")
        long = prompt_of(alice, "写" * 10_001)
        for address in (OPTIMIZE, f"{OPTIMIZE}/estimate"):
            assert fault(client.post(address, {"prompt_id": long.pk})) == (422, "OPTIMIZATION_TOO_LONG")

    def test_what_there_is_to_choose_from(self, client: APIClient) -> None:
        model_make("sandbox", "sandbox-priced", price=(1, 1, 1), label="沙盒")
        model_make("deepseek", "deepseek-chat", price=(1, 1, 1))
        config = client.get(f"{OPTIMIZE}/config", headers={"Accept-Language": "zh"}).json()["data"]
        assert [mode["name"] for mode in config["modes"]] == [
            "general", "programming", "writing", "data_analysis", "creative",
        ]  # fmt: skip
        assert config["modes"][0]["title"] == "通用"
        assert config["routes"][0]["provider"] == "sandbox"
        assert config["providers"] == ["sandbox"], "nobody has a key for another one"
        for model in config["models"]:
            assert (
                client.post(f"{OPTIMIZE}/estimate", {"prompt": "写诗", "model": model["name"]}).status_code
                == 200
            )
        assert config["limits"]["prompt_characters"] == 10_000


class TestHistory:
    def test_it_is_a_tree(self, client: APIClient, alice: User) -> None:
        root = optimized(alice, PROMPT, mode="writing")
        shorter = client.post(f"{HISTORY}/{root.pk}/iterate", {"wish": "更短"})
        assert shorter.status_code == 202
        first = shorter.json()["data"]
        run_optimization(first["id"])
        formal = client.post(f"{HISTORY}/{root.pk}/iterate", {"wish": "更正式", "mode": "general"}).json()[
            "data"
        ]
        run_optimization(formal["id"])
        deeper = client.post(f"{HISTORY}/{first['id']}/iterate", {"wish": "加例子"}).json()["data"]
        assert (first["prompt"], first["mode"]) == (root.optimized_prompt, "writing")
        assert (deeper["parent_id"], deeper["tree_id"]) == (first["id"], str(root.pk))
        shown = node(client, root.pk)
        assert [child["id"] for child in shown["children"]] == [first["id"], formal["id"]]
        assert [child["wish"] for child in shown["children"]] == ["更短", "更正式"]
        assert len(client.get(HISTORY, {"tree_id": str(root.pk)}).json()["data"]) == 4

    def test_it_is_filtered(self, client: APIClient, alice: User, bob: User) -> None:
        one = optimized(alice, "写一首诗", mode="creative")
        optimized(alice, "写一个函数", mode="programming")
        optimized(bob, "写一首诗", mode="creative")
        client.post(f"{HISTORY}/{one.pk}/rate", {"rating": 5})

        def found(**query: str) -> list[str]:
            return [row["id"] for row in client.get(HISTORY, query).json()["data"]]

        assert len(found()) == len(found(mode="creative,programming")) == 2
        assert found(mode="creative") == found(rating="5") == found(job_id=str(one.pk)) == [str(one.pk)]
        assert (
            found(status="failed") == found(rating="1") == found(created_before="2020-01-01T00:00:00Z") == []
        )
        assert fields(client.get(HISTORY, {"mode": "poetry"})) == {"mode"}

    def test_a_page_takes_as_many_statements_as_a_row(self, client: APIClient, alice: User) -> None:
        taken = []
        for wish in ("短", "长", "正式"):
            optimized(alice, "写一首诗", wish=wish)
            client.get(HISTORY)
            with CaptureQueriesContext(connection) as queries:
                client.get(HISTORY)
            taken.append(len(queries))
        assert taken == [taken[0]] * 3
        assert taken[0] <= 2, "the page, and how many there are"

    def test_what_failed_tells_why_in_the_reader_s_language(self, client: APIClient, alice: User) -> None:
        failed = optimized(alice, f"{PROMPT} [[sandbox:lose-variable]]")
        shown = client.get(f"{HISTORY}/{failed.pk}", headers={"Accept-Language": "zh"}).json()["data"]
        assert (shown["status"], shown["optimized_prompt"], shown["improvements"]) == ("failed", "", [])
        assert shown["error"]["code"] == "OPTIMIZATION_VARIABLE_LOST"
        assert "丢失了 {{客户}}" in shown["error"]["message"]
        assert shown["error"]["details"]["names"] == ["{{客户}}"]

    @pytest.mark.parametrize("act", ["rate", "iterate", "save"])
    def test_without_a_result_nothing_is_done_with_it(self, client: APIClient, alice: User, act: str) -> None:
        row = client.post(OPTIMIZE, {"prompt": "写一首诗"}).json()["data"]
        body = {"rate": {"rating": 5}, "iterate": {"wish": "短"}, "save": {}}[act]
        answer = client.post(f"{HISTORY}/{row['id']}/{act}", body, headers={"Accept-Language": "zh"})
        assert fault(answer) == (409, "OPTIMIZATION_NOT_READY")
        assert "排队中" in answer.json()["data"]["message"]

    @pytest.mark.parametrize(
        "body", [{}, {"wish": ""}, {"wish": " "}, {"wish": "短" * 2_001}, {"wish": "短", "mode": "x"}]
    )
    def test_going_on_takes_a_wish(self, client: APIClient, alice: User, body: dict[str, Any]) -> None:
        root = optimized(alice, "写一首诗")
        assert fields(client.post(f"{HISTORY}/{root.pk}/iterate", body)) <= {"wish", "mode"}
        assert Optimization.objects.count() == 1

    def test_a_deleted_node_is_gone_with_what_came_of_it(self, client: APIClient, alice: User) -> None:
        root = optimized(alice, "写一首诗")
        child = client.post(f"{HISTORY}/{root.pk}/iterate", {"wish": "短"}).json()["data"]
        assert fault(client.delete(f"{HISTORY}/{root.pk}")) == (409, "OPTIMIZATION_BUSY")
        run_optimization(child["id"])
        assert client.delete(f"{HISTORY}/{root.pk}").status_code == 204
        assert not Optimization.objects.exists()
        for pk in (root.pk, child["id"]):
            answer = client.post(f"{HISTORY}/{pk}/iterate", {"wish": "短"})
            assert fault(answer) == (404, "NOT_FOUND")
        assert Job.objects.count() == 2, "what was bought stays in the ledger"

    def test_a_job_whose_node_is_gone_buys_nothing(self, client: APIClient) -> None:
        row = client.post(OPTIMIZE, {"prompt": "写一首诗"}).json()["data"]
        Optimization.objects.all().delete()
        run_optimization(row["id"])
        assert Job.objects.get(pk=row["id"]).error_code == "OPTIMIZATION_GONE"
        assert not ProviderCall.objects.exists()

    @pytest.mark.parametrize(("act", "body"), [("rate", {"rating": 5}), ("save", {})])
    def test_a_stale_act_is_refused(
        self, client: APIClient, alice: User, act: str, body: dict[str, Any]
    ) -> None:
        where = f"{HISTORY}/{optimized(alice).pk}"
        stale = client.get(where).headers["ETag"]
        client.post(f"{where}/rate", {"rating": 1})
        answer = client.post(f"{where}/{act}", body, headers={"If-Match": stale})
        assert fault(answer) == (412, "PRECONDITION_FAILED")
        fresh = client.get(where).headers["ETag"]
        assert client.post(f"{where}/{act}", body, headers={"If-Match": fresh}).status_code == 200

    def test_a_stale_delete_is_refused(self, client: APIClient, alice: User) -> None:
        root = optimized(alice, "写一首诗")
        answer = client.delete(f"{HISTORY}/{root.pk}", headers={"If-Match": '"old"'})
        assert fault(answer) == (412, "PRECONDITION_FAILED")

    @pytest.mark.parametrize("act", ["", "rate", "iterate", "save"])
    def test_others_nodes_don_t_exist(self, client: APIClient, bob: User, act: str) -> None:
        theirs = optimized(bob, "写一首诗")
        body = {"rate": {"rating": 5}, "iterate": {"wish": "短"}, "save": {}}.get(act)
        address = f"{HISTORY}/{theirs.pk}"
        answer = client.post(f"{address}/{act}", body) if act else client.get(address)
        assert fault(answer) == (404, "NOT_FOUND")
        assert client.delete(address).status_code == 404
        assert Optimization.objects.count() == 1


class TestRating:
    def test_a_result_is_rated_and_rated_anew(self, client: APIClient, alice: User) -> None:
        root = optimized(alice, "写一首诗")
        address = f"{HISTORY}/{root.pk}/rate"
        rated = client.post(address, {"rating": 2, "reason": "太长"}).json()["data"]
        assert (rated["rating"], rated["rating_reason"]) == (2, "太长")
        assert client.post(address, {"rating": 5}).json()["data"]["rating_reason"] == ""
        client.post(address, {"rating": 5})
        assert Activity.objects.filter(action="rate_optimization").count() == 2

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({"rating": 6}, "rating"),
            ({"rating": 0}, "rating"),
            ({"rating": -1}, "rating"),
            ({"rating": "5"}, "rating"),
            ({"rating": 4.5}, "rating"),
            ({"rating": True}, "rating"),
            ({"rating": None}, "rating"),
            ({}, "rating"),
            ({"rating": 5, "reason": "长" * 2_001}, "reason"),
        ],
    )
    def test_a_rating_is_one_to_five(
        self, client: APIClient, alice: User, body: dict[str, Any], wrong: str
    ) -> None:
        root = optimized(alice, "写一首诗")
        assert fields(client.post(f"{HISTORY}/{root.pk}/rate", body)) == {wrong}
        root.refresh_from_db()
        assert root.rating is None


class TestSaving:
    def test_as_a_new_prompt(self, client: APIClient, alice: User) -> None:
        root = optimized(alice, PROMPT)
        tag = tag_of(alice, "邮件")
        body = {"title": "道歉", "folder": "work/mail", "tag_ids": [tag.pk]}
        saved = client.post(f"{HISTORY}/{root.pk}/save", body)
        assert saved.status_code == 200
        prompt = Prompt.objects.get(pk=saved.json()["data"]["saved"]["prompt_id"])
        assert (prompt.title, prompt.folder, prompt.content) == ("道歉", "work/mail", root.optimized_prompt)
        assert list(prompt.tags.all()) == [tag]
        told = Activity.objects.get(action="enhance_prompt")
        assert (told.object_id, told.details["optimization_id"]) == (str(prompt.pk), str(root.pk))

    def test_as_a_new_version(self, client: APIClient, alice: User) -> None:
        prompt = prompt_of(alice, PROMPT, title="邮件")
        root = optimized(alice, PROMPT)
        saved = client.post(f"{HISTORY}/{root.pk}/save", {"prompt_id": prompt.pk}).json()["data"]
        assert saved["saved"] == {"prompt_id": str(prompt.pk), "version": 2}
        again = client.post(f"{HISTORY}/{root.pk}/save", {"prompt_id": prompt.pk}).json()["data"]
        assert again["saved"]["version"] == 2, "the same text is no other version"
        prompt.refresh_from_db()
        assert (prompt.title, prompt.content) == ("邮件", root.optimized_prompt)

    def test_nothing_is_saved_into_what_isn_t_there(self, client: APIClient, alice: User, bob: User) -> None:
        root, theirs = optimized(alice, PROMPT), prompt_of(bob)
        address = f"{HISTORY}/{root.pk}/save"
        for pk in (theirs.pk, uuid4()):
            assert fault(client.post(address, {"prompt_id": pk})) == (422, "PROMPT_UNKNOWN")
        assert fault(client.post(address, {"folder": "a/../b"})) == (422, "FOLDER_INVALID")
        assert fault(client.post(address, {"tag_ids": [tag_of(bob, "x").pk]})) == (422, "TAG_UNKNOWN")
        mine = prompt_of(alice)
        assert fields(client.post(address, {"prompt_id": mine.pk, "title": "新"})) == {"prompt_id"}
        assert Prompt.objects.count() == 2
        root.refresh_from_db()
        assert root.saved is None

    def test_a_deleted_prompt_leaves_the_history(self, client: APIClient, alice: User) -> None:
        prompt = prompt_of(alice, PROMPT)
        root = optimized(alice, PROMPT, source=prompt.versions.get())
        client.post(f"{HISTORY}/{root.pk}/save", {"prompt_id": prompt.pk})
        assert client.delete(f"/api/v1/prompts/{prompt.pk}").status_code == 204
        shown = node(client, root.pk)
        assert (shown["source"], shown["saved"]) == (None, None)


def test_the_activity_log_tells_of_it(client: APIClient, alice: User) -> None:
    root = optimized(alice, "写一首诗", mode="creative")
    client.post(f"{HISTORY}/{root.pk}/iterate", {"wish": "短"})
    optimize = list(
        Activity.objects.filter(action="optimize").order_by("pk").values_list("details", flat=True)
    )
    assert [one["mode"] for one in optimize] == ["creative", "creative"]
    assert optimize[1]["parent_id"] == str(root.pk)
    client.delete(f"{HISTORY}/{optimize[1]['parent_id']}")
