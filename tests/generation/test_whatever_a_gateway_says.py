"""Money first: whatever a gateway answers over the wire, a budget holds and nothing is bought twice unchanged."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from accounts.models import User
from accounts.selectors.budgets import budget_get
from accounts.services.budgets import budget_set
from generation.jobs import gateway
from generation.jobs.run import JobRun
from generation.jobs.texts import text_order
from generation.models import Job, ProviderCall
from generation.providers import registry
from tests.contract.odd import Body, vendor, whole
from tests.generation.factories import run_until_over, scripted_job
from tests.support.catalogue import catalogue_make
from tests.support.kinds.handlers import TextOutput, text_request
from tests.support.raw_http import RawServer

pytestmark = pytest.mark.django_db

TEXT = "# Title\n\nEvery sentence here is another one, and none of them comes again.\n"


@pytest.fixture(autouse=True)
def _fresh(db: Any) -> Iterator[None]:
    catalogue_make()
    gateway.reset()
    yield
    registry.reset()


@contextmanager
def deepseek(settings: Any, *bodies: Body) -> Iterator[RawServer]:
    """A gateway in DeepSeek's place, at its price."""
    with vendor(*bodies) as (_, server):
        path = "generation.providers.llm.openai.OpenAIChat"
        options = {
            "base_url": f"http://127.0.0.1:{server.port}/v1",
            "model": "deepseek-chat",
            "api_key": "sk-x",
        }
        settings.PROVIDERS = {"llm": {"deepseek": {"path": path, "options": options}}}
        settings.PROVIDER_ORDER = {"llm": ["deepseek"]}
        registry.reset()
        yield server


def writing(owner: User) -> Job:
    def run(run: JobRun) -> TextOutput:
        with text_order(run, feature="test", language="en", made_from=("x",)) as order:
            return TextOutput(order.whole_text("write", text_request("Write a document.")).text)

    return run_until_over(scripted_job(owner, run))


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}, {"total_tokens": 10**12}, {"prompt_tokens": -1}],
)
def test_a_budget_holds(alice: User, settings: Any, usage: Any) -> None:
    budget_set(user=alice, limit_micros=1_000)
    with deepseek(settings, whole(TEXT * 3, usage=usage)) as server:
        ends = [writing(alice).error_code for _ in range(12)]
    assert ends[0] == ""
    assert ends[-1] == "BUDGET_EXCEEDED"
    assert len(server.requests) == ends.count("") < 12
    assert all(ProviderCall.objects.values_list("is_estimate", flat=True))
    assert budget_get(alice.pk).used_micros <= 1_000


@pytest.mark.parametrize(
    ("body", "code", "bought"),
    [
        (whole(TEXT, reason=None), "", 1),
        (whole(TEXT, reason="wat"), "", 1),
        (whole("Uses src/** and **kwargs"), "", 1),
        (whole(None, reasoning_content="all of it"), "OUTPUT_ONLY_THOUGHTS", 1),
        (whole("<think>all of it", reason="length"), "OUTPUT_ONLY_THOUGHTS", 1),
        ({"error": {"code": 402, "message": "Insufficient credits"}}, "PROVIDER_QUOTA_EXHAUSTED", 1),
        ({"code": 1113, "msg": "账户已欠费"}, "PROVIDER_QUOTA_EXHAUSTED", 1),
        (b"<html>Welcome</html>", "PROVIDER_BAD_ANSWER", 1),
        (b'{"choices": ', "PROVIDER_BAD_ANSWER", 1),
        ({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 9}}, "PROVIDER_BAD_ANSWER", 2),
    ],
    ids=range(10),
)
def test_nothing_is_bought_again_the_same_way(
    alice: User, settings: Any, body: Any, code: str, bought: int
) -> None:
    with deepseek(settings, body) as server:
        job = writing(alice)
    assert job.error_code == code
    assert len(server.requests) == bought


def test_what_cant_be_read_is_kept_for_staff(alice: User, settings: Any) -> None:
    with deepseek(settings, b"\0<html>Welcome</html>"):
        job = writing(alice)
    call = ProviderCall.objects.get(job=job)
    assert (call.status, call.result) == ("uncertain", {"unread": "<html>Welcome</html>"})
    assert job.error["charged"] is None


def test_the_model_that_answered_is_kept_beside_the_one_that_was_asked(alice: User, settings: Any) -> None:
    with deepseek(settings, {**whole(TEXT), "model": "deepseek-v9-turbo"}):
        writing(alice)
    call = ProviderCall.objects.get()
    assert (call.model, call.answered_model) == ("deepseek-chat", "deepseek-v9-turbo")
