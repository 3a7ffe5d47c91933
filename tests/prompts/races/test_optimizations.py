"""Rated, gone on from, saved and deleted at the same moment; answers of an evaluation that end together."""

from collections import Counter
from functools import partial
from typing import Any

from accounts.models import Activity, User
from generation.jobs import runner
from generation.models import Job
from prompts.models import Optimization, Prompt, PromptTrial, PromptVersion
from prompts.services.cases import case_create
from prompts.services.evaluations import EvaluationOptions, evaluation_create, evaluation_report
from prompts.services.prompts import prompt_update
from tests.generation.factories import TERMINAL_EVENTS, events, fetch, run_children
from tests.generation.races.conftest import Together
from tests.prompts.factories import optimized, prompt_of

CROWD = 12
HISTORY = "/api/v1/optimize/history"


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_the_last_rating_stands(alice: User, client_for: Any, together: Together) -> None:
    node, client = optimized(alice), client_for(alice)
    rates = [
        partial(client.post, f"{HISTORY}/{node.pk}/rate", {"rating": n % 5 + 1, "reason": f"第 {n} 次"})
        for n in range(CROWD)
    ]
    assert statuses(together(*rates)) == {200: CROWD}
    told = Activity.objects.filter(action="rate_optimization").order_by("pk")
    node.refresh_from_db()
    assert told.count() == CROWD
    assert [node.rating] == [one.details["rating"] for one in told][-1:]


def test_all_go_on_from_one_result_and_are_its_children(
    alice: User, client_for: Any, together: Together
) -> None:
    node, client = optimized(alice), client_for(alice)
    address = f"{HISTORY}/{node.pk}"
    answers = together(
        *(partial(client.post, f"{address}/iterate", {"wish": f"{n} 行"}) for n in range(CROWD)),
        partial(client.post, f"{address}/rate", {"rating": 5}),
        partial(client.post, f"{address}/save", {}),
    )
    assert statuses(answers) == {202: CROWD, 200: 2}
    node.refresh_from_db()
    assert (node.rating, node.saved and node.saved.content) == (5, node.optimized_prompt)
    children = Optimization.objects.filter(parent=node, tree_id=node.tree_id)
    assert sorted(children.values_list("wish", flat=True)) == sorted(f"{n} 行" for n in range(CROWD))
    assert Job.objects.filter(pk__in=children).count() == CROWD


def test_a_result_becomes_one_new_version(alice: User, client_for: Any, together: Together) -> None:
    prompt = prompt_of(alice, "写一首诗")
    node, client = optimized(alice), client_for(alice)
    save = partial(client.post, f"{HISTORY}/{node.pk}/save", {"prompt_id": prompt.pk})
    assert statuses(together(*[save] * CROWD)) == {200: CROWD}
    assert list(prompt.versions.order_by("number").values_list("number", flat=True)) == [1, 2]
    node.refresh_from_db()
    assert node.saved == prompt.versions.get(number=2)


def test_two_results_for_one_prompt_are_two_versions(
    alice: User, client_for: Any, together: Together
) -> None:
    prompt = prompt_of(alice, "写一首诗")
    nodes, client = [optimized(alice, f"写一首关于{what}的诗") for what in "春夏秋冬"], client_for(alice)
    saves = [partial(client.post, f"{HISTORY}/{node.pk}/save", {"prompt_id": prompt.pk}) for node in nodes]
    assert statuses(together(*saves)) == {200: len(nodes)}
    for node in nodes:
        node.refresh_from_db()
        assert node.saved is not None
        assert node.saved.content == node.optimized_prompt
    assert prompt.versions.count() == len(nodes) + 1


def test_a_node_that_goes_takes_nobody_by_surprise(alice: User, client_for: Any, together: Together) -> None:
    """Either it goes first, and nobody goes on from it, or somebody does, and it stays until that is over."""
    node, client = optimized(alice), client_for(alice)
    address = f"{HISTORY}/{node.pk}"
    *answers, deleted = together(
        *(partial(client.post, f"{address}/iterate", {"wish": f"{n} 行"}) for n in range(4)),
        partial(client.delete, address),
    )
    made = statuses(answers)[202]
    assert statuses(answers) == Counter({202: made, 404: 4 - made})
    assert deleted.status_code == (409 if Optimization.objects.filter(pk=node.pk).exists() else 204)
    assert (deleted.status_code == 204) == (made == 0)
    assert Optimization.objects.filter(parent=node.pk).count() == made


def test_answers_that_end_together_end_the_evaluation_once(alice: User, together: Together) -> None:
    prompt = prompt_update(prompt=prompt_of(alice, "写一首诗"), content="写一首诗，四行。")
    case_create(prompt=prompt, name="短", assertions=[{"type": "length", "max": 5_000}])
    evaluation = evaluation_create(prompt=prompt, options=EvaluationOptions(runs=6))
    runner.run(evaluation.pk, publish=False)
    job = Job.objects.get(pk=evaluation.pk)
    together(*[partial(run_children, job)] * 6)
    assert fetch(job).status == "succeeded"
    assert [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS] == ["succeeded"]
    report = evaluation_report(evaluation)
    assert (report["ties"], report["original"]["passed"], report["candidate"]["passed"]) == (6, 6, 6)
    assert PromptTrial.objects.filter(job__status="succeeded", passed=True).count() == 12


def test_evaluations_of_a_prompt_that_is_changed_meanwhile(
    alice: User, client_for: Any, together: Together
) -> None:
    """Each compares two versions that there were, and has all of its answers."""
    prompt = prompt_update(prompt=prompt_of(alice, "写一首诗"), content="写一首诗，四行。")
    case_create(prompt=prompt, name="短", assertions=[{"type": "length", "max": 5_000}])
    client, address = client_for(alice), f"/api/v1/prompts/{prompt.pk}"
    answers = together(
        *[partial(client.post, f"{address}/evaluate", {"runs": 2})] * 4,
        *(partial(client.patch, address, {"content": f"写一首诗，{n} 行。"}) for n in range(4)),
    )
    assert statuses(answers) == {202: 4, 200: 4}
    for answer in answers[:4]:
        made = answer.json()["data"]
        assert made["candidate_version"] == made["original_version"] + 1
        assert PromptTrial.objects.filter(evaluation_id=made["id"]).count() == made["total"] == 4
        for trial in PromptTrial.objects.filter(evaluation_id=made["id"]):
            number = made[f"{trial.side}_version"]
            assert trial.text == PromptVersion.objects.get(prompt=prompt, number=number).content
    assert Prompt.objects.get().version == 6
