"""Whatever is killed, and whoever pauses, resumes and retries meanwhile: a batch ends once, with every text once."""

import random
from collections.abc import Callable
from contextlib import ExitStack, suppress
from threading import Event, Thread

import pytest
from django.db import connection

from config.errors import AppError
from config.queues import Queue
from generation.domain.states import JobStatus
from generation.jobs import services, sweeper, transitions
from generation.jobs.registry import NoOutput
from generation.models import Job, ProviderCall
from templates.models import Document, TemplateBatch
from tests.conftest import PASSWORD
from tests.generation.factories import TERMINAL_EVENTS, calls, events, fetch
from tests.support.kinds.handlers import TextInput
from tests.support.kinds.models import StoredText
from tests.support.llm_behaviours import BEHAVIOURS
from tests.support.processes import House
from tests.system.test_engine_kill import assert_every_call_has_its_row
from tests.system.test_factory import a_document, web
from tests.system.test_factory import events as streamed
from tests.templates.factories import project_of, template_of

pytestmark = pytest.mark.system

DOCUMENTS, THREADS = 12, 4
TEXTS, ACTS = 40, 25


def test_a_batch_outlives_web_updates_beat_and_its_worker(home: House) -> None:
    """Here nobody sweeps but the processes themselves."""
    home.llm.answer = a_document
    for number in range(DOCUMENTS):
        project_of(home.owner, code=f"p{number}")
    template_of(code="brief", name_zh="产品简介", name_en="Product brief")
    with ExitStack() as stack:
        worker = stack.enter_context(home.worker(concurrency=THREADS, queues=[Queue.AGENT_BUILDS]))
        updates = stack.enter_context(home.worker(queues=[Queue.STATUS_UPDATES]))
        clock = stack.enter_context(home.beat())
        server, client = stack.enter_context(web(home))
        login = {"login": home.owner.username, "password": PASSWORD}
        client.token = client.ask("POST", "/auth/login", login)["access"]
        with home.llm.holding():
            asked = {"limit": DOCUMENTS, "languages": ["zh"]}
            client.ask("POST", "/templates/batch-generate", asked)
            home.until(lambda: len(home.llm.calls) == THREADS, "a call in each thread")
            server.process.kill()
            updates.kill()
            clock.kill()
        home.until(lambda: Document.objects.count() >= 2, "documents without web, updates and beat")

        with home.llm.holding():
            seen = len(home.llm.calls)
            worker.kill()
            home.lapse(worker)
            unheard = services.job_submit(
                kind="test.text", input=TextInput("没人听见"), owner_id=home.owner.pk, publish=False
            )
            stack.enter_context(home.worker(concurrency=THREADS, queues=[Queue.AGENT_BUILDS]))
            stack.enter_context(home.worker(queues=[Queue.STATUS_UPDATES]))
            stack.enter_context(home.beat())
            home.until(lambda: len(home.llm.calls) > seen, "work that goes on")
        batch = TemplateBatch.objects.get()
        jobs = Job.objects.filter(pk__in=[batch.job_id, unheard.pk])
        home.until(lambda: jobs.filter(status=JobStatus.SUCCEEDED).count() == 2, "the end of all")

        _, again = stack.enter_context(web(home))
        again.token = client.token
        told = streamed(again, str(batch.job_id), after="1")
        assert [number for number, _ in told] == list(range(2, len(told) + 2))
        assert told[-1][1] == "succeeded"
    assert list(Document.objects.values_list("version", flat=True)) == [1] * DOCUMENTS
    assert ProviderCall.objects.filter(status="uncertain").count() <= THREADS, "what the dead worker had sent"
    assert ProviderCall.objects.filter(status="settled").count() == DOCUMENTS + 1
    assert_every_call_has_its_row(home)


def test_people_pause_resume_and_retry_while_a_worker_dies(home: House) -> None:
    """A third of the texts is too long for the model until somebody has mended that."""
    home.llm.behaviours = {**BEHAVIOURS, "mended": BEHAVIOURS["context-too-long"]}
    home.llm.delay = 0.05
    inputs = [TextInput("写 [[server:mended]]" if number % 3 == 0 else "写 🙂") for number in range(TEXTS)]
    parent = services.job_submit(
        kind="test.parent", input=NoOutput(), owner_id=home.owner.pk, max_parallel=8, publish=False
    )
    services.children_submit(parent=parent, kind="test.text", inputs=inputs)
    home.publish(parent)

    def done() -> int:
        counts = transitions.child_counts(parent.pk)
        assert sum(counts.values()) == TEXTS
        sweeper.sweep()
        return counts["succeeded"]

    def work_on() -> bool:
        """What a person does who wants to see the end of it."""
        for act in (services.job_resume, services.job_retry):
            with suppress(AppError):
                act(job=fetch(parent))
        done()
        return fetch(parent).status == JobStatus.SUCCEEDED

    with home.two_workers(concurrency=THREADS) as (first, _):
        home.until(lambda: done() >= 4, "the first texts")
        people = [Thread(target=plays_with, args=(parent, seed)) for seed in range(3)]
        for person in people:
            person.start()
        home.until(lambda: Job.objects.filter(worker=first.name, status=JobStatus.RUNNING).exists() or work_on(),
                   "a busy worker")  # fmt: skip
        first.kill()
        home.lapse(first)
        for person in people:
            home.until(lambda person=person: done() and not person.is_alive(), "people who had enough")
        home.llm.behaviours = {**BEHAVIOURS, "mended": BEHAVIOURS["ok"]}
        home.until(work_on, "the end of the batch")

    assert [type_ for type_ in events(parent) if type_ in TERMINAL_EVENTS][-1] == "succeeded"
    for child in Job.objects.filter(parent_id=parent.pk):
        assert events(child).count("succeeded") == 1
        assert events(child)[-1] == "succeeded"
        assert StoredText.objects.filter(job_id=child.pk).count() == 1
        assert [call.status for call in calls(child)].count("settled") == 1
    assert_every_call_has_its_row(home)


def plays_with(parent: Job, seed: int) -> None:
    """Somebody who can't make up their mind; what isn't possible at the moment is refused."""
    acts: list[Callable[..., Job]] = [services.job_pause, services.job_resume, services.job_retry]
    chance, pause = random.Random(seed), Event()
    try:
        for _ in range(ACTS):
            with suppress(AppError):
                chance.choice(acts)(job=fetch(parent))
            pause.wait(chance.random() / 20)
    finally:
        connection.close()
