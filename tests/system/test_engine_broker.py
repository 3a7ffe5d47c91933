"""The broker goes away in the middle and comes back: it only knocks on the door, the rows know what is to be done."""

import pytest

from generation.domain.states import JobStatus
from generation.jobs import services, transitions
from generation.models import Job
from tests.generation.factories import TERMINAL_EVENTS, calls, events, fetch
from tests.support.kinds.handlers import TextInput
from tests.support.processes import House

pytestmark = pytest.mark.system

SIZE = 40


def test_a_batch_survives_a_broker_that_goes_away_in_the_middle(home: House) -> None:
    """Once in order and once by kill -9."""
    with home.worker(concurrency=4):
        parent = home.text_batch(SIZE, max_parallel=4, prompt="[[server:delay=0.2]]")

        def done() -> int:
            counts = transitions.child_counts(parent.pk)
            assert sum(counts.values()) == SIZE
            return counts["succeeded"]

        meanwhile = []
        home.until(lambda: done() >= 4, "the first items")
        for go_away in (home.broker.stop, home.broker.kill):
            go_away()
            wanted = min(done() + 6, SIZE)
            job = services.job_submit(kind="test.text", input=TextInput("无人敲门"), owner_id=home.owner.pk)
            assert job.status == JobStatus.QUEUED
            meanwhile.append(job)
            home.until(lambda wanted=wanted: done() >= wanted, "items without a broker")
            home.broker.start()
        home.until_over(parent, *meanwhile)
    for job in [*Job.objects.filter(parent_id=parent.pk), *meanwhile]:
        assert (fetch(job).status, fetch(job).attempt) == (JobStatus.SUCCEEDED, 1)
        assert [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS] == ["succeeded"]
        assert [call.status for call in calls(job)] == ["settled"]
    assert len(home.llm.calls) == SIZE + 2
    assert [type_ for type_ in events(parent) if type_ in TERMINAL_EVENTS] == ["succeeded"]
