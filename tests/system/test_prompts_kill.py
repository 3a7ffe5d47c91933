"""kill -9 while prompts are optimized and tried: each call has its row, nothing is bought twice unseen, every run ends.

Each job stands still at another step of its call in one worker; one kill ends them all; another worker finishes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from generation.models import Job
from prompts.models import Optimization, PromptTrial
from tests.conftest import PASSWORD
from tests.generation.factories import calls, events
from tests.support.processes import House
from tests.system.test_engine_kill import assert_every_call_has_its_row, ends, statuses
from tests.system.test_factory import Client, web

pytestmark = pytest.mark.system

OLD, NEW = "给{{客户}}写信", "请给{{客户}}写一封信，提到补偿。"
#: By the step where the worker dies: the rows of the ledger in the end, and how often the vendor has seen the call.
FATES = {
    "reserved": (("released", "settled"), 1),
    "sent": (("uncertain", "settled"), 1),
    "answered": (("uncertain", "settled"), 2),
    "settled": (("settled",), 1),
    "finishing": (("settled",), 1),
    "stored": (("settled",), 1),
}


def answer(body: Mapping[str, Any]) -> str:
    """What the vendor's model writes: a better prompt, or the letter that one asks for."""
    if "optimized_prompt" in body["messages"][0]["content"]:
        gains = {"improvements": ["说明了内容"], "expected_benefits": ["更切题"]}
        return json.dumps({"optimized_prompt": NEW, **gains}, ensure_ascii=False)
    return "林小姐，我们会补偿您。"


def a_prompt(client: Client) -> str:
    """With two versions and a case."""
    prompt = client.ask("POST", "/prompts", {"title": "道歉", "content": OLD})
    client.ask("PATCH", f"/prompts/{prompt['id']}", {"content": NEW})
    case = {
        "name": "补偿",
        "values": {"客户": "林小姐"},
        "assertions": [{"type": "contains", "value": "补偿"}],
    }
    client.ask("POST", f"/prompts/{prompt['id']}/cases", case)
    return str(prompt["id"])


def assert_bought(home: House, jobs: Mapping[str, Job]) -> None:
    for point, job in jobs.items():
        rows, seen = FATES[point]
        assert statuses(job) == rows, point
        assert ends(job) == ["succeeded"], (point, events(job))
        sent = [call for call in home.llm.calls if call.request_key.startswith(f"{job.pk}:")]
        assert len(sent) == seen, point
        if rows[0] == "uncertain":
            lost, repeated = calls(job)
            assert repeated.repeats_id == lost.pk, point


def test_optimizations_and_evaluations_survive_a_kill_at_each_step(home: House) -> None:
    home.llm.answer = answer
    with web(home) as (_, client):
        client.token = client.ask("POST", "/auth/login", {"login": "alice", "password": PASSWORD})["access"]
        asked = {point: client.ask("POST", "/optimize", {"prompt": OLD})["id"] for point in FATES}
        evaluation = client.ask("POST", f"/prompts/{a_prompt(client)}/evaluate", {"runs": len(FATES) // 2})
        optimizations = {point: Job.objects.get(pk=pk) for point, pk in asked.items()}
        trials = dict(
            zip(FATES, Job.objects.filter(parent_id=evaluation["id"]).order_by("position"), strict=True)
        )
        for jobs in (optimizations, trials):
            for point, job in jobs.items():
                home.arm(job, point)

        with home.worker(concurrency=32) as first:
            everything = [(job, point) for jobs in (optimizations, trials) for point, job in jobs.items()]
            home.until(lambda: all(home.has_reached(*one) for one in everything), "all jobs at their points")
            first.kill()
        unfinished = [point for point in FATES if point != "stored"]
        assert PromptTrial.objects.filter(passed=None).count() == len(unfinished)
        assert Optimization.objects.filter(optimized_prompt="").count() == len(unfinished)

        home.lapse(first)
        with home.worker():
            home.until_over(*optimizations.values(), *trials.values(), Job.objects.get(pk=evaluation["id"]))
        assert_bought(home, optimizations)
        assert_bought(home, trials)
        assert_every_call_has_its_row(home)
        for pk in asked.values():
            assert client.ask("GET", f"/optimize/history/{pk}")["optimized_prompt"] == NEW
        assert client.ask("GET", f"/prompts/evaluations/{evaluation['id']}")["status"] == "succeeded"
        report = client.ask("GET", f"/prompts/evaluations/{evaluation['id']}/report")
        assert report["original"]["unanswered"] + report["candidate"]["unanswered"] == 0
        assert report["ties"] == len(FATES) // 2
