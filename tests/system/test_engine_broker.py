"""The broker goes away in the middle and comes back: it only knocks on the door, the rows know what is to be done."""

import time

import pytest

from generation.domain.states import JobStatus
from generation.jobs import services, transitions
from generation.models import Job
from tests.generation.factories import TERMINAL_EVENTS, calls, events, fetch
from tests.support.kinds.handlers import TextInput
from tests.support.processes import House

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

SIZE = 40


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_batch_survives_a_broker_that_goes_away_in_the_middle(home: House, how: str) -> None:
    with home.worker(concurrency=4):
        parent = home.text_batch(SIZE, max_parallel=4, prompt="[[server:delay=0.2]]")

        def done() -> int:
            counts = transitions.child_counts(parent.pk)
            assert sum(counts.values()) == SIZE
            return counts["succeeded"]

        home.until(lambda: done() >= 5, "the first items")
        getattr(home.broker, how)()
        before = done()
        began = time.monotonic()
        during = services.job_submit(kind="test.text", input=TextInput("无人敲门"), owner_id=home.owner.pk)
        assert time.monotonic() - began < 5, "submitting waits for a broker that is gone"
        assert during.status == JobStatus.QUEUED
        home.until(lambda: done() >= min(before + 8, SIZE), "items that are done without a broker")
        home.broker.start()
        home.until_over(parent, during)
    children = list(Job.objects.filter(parent_id=parent.pk))
    for job in [*children, during]:
        assert fetch(job).status == JobStatus.SUCCEEDED
        assert [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS] == ["succeeded"]
        assert [call.status for call in calls(job)] == ["settled"]
        assert fetch(job).attempt == 1
    assert len(home.llm.calls) == SIZE + 1
    assert [type_ for type_ in events(parent) if type_ in TERMINAL_EVENTS] == ["succeeded"]
