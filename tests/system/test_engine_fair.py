"""Somebody else's batch fills every thread: one's own job waits for an item, not for the batch."""

import pytest

from generation.domain.states import JobStatus
from generation.jobs import services
from generation.models import Job
from tests.conftest import make_user
from tests.generation.factories import fetch
from tests.support.kinds.handlers import TextInput
from tests.support.processes import House

pytestmark = pytest.mark.system

THREADS, ITEMS = 4, 80


def test_a_batch_that_holds_every_thread_lets_others_in(home: House) -> None:
    """The batch alone takes ten seconds; without making room its chains would hold all threads for as long."""
    bob = make_user("bob")
    with home.worker(concurrency=THREADS):
        batch = home.text_batch(ITEMS, max_parallel=THREADS, prompt="[[server:delay=0.5]]")
        running = Job.objects.filter(parent_id=batch.pk, status=JobStatus.RUNNING)
        home.until(lambda: running.count() == THREADS, "a batch on every thread")
        chat = services.job_submit(
            kind="test.text", input=TextInput("你好 🙂"), owner_id=bob.pk, publish=False
        )
        home.publish(chat)
        home.until(lambda: fetch(chat).is_terminal, "the end of the chat")
        left = Job.objects.filter(parent_id=batch.pk, status=JobStatus.QUEUED).count()
        services.job_cancel(job=fetch(batch))
        home.until_over(batch)
    assert fetch(chat).status == JobStatus.SUCCEEDED
    assert left > ITEMS / 4
