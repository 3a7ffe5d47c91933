"""The queues over HTTP: everybody sees whether anybody works, staff see all and may empty them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import runner, transitions
from generation.jobs.services import children_submit, job_submit
from generation.models import Job, JobEvent, WorkerHeartbeat
from generation.selectors.workers import queue_messages
from tests.support.kinds.handlers import TextInput

ClientFor = Callable[[User], APIClient]


def submit(owner: User) -> Job:
    return job_submit(kind="test.text", input=TextInput(), owner_id=owner.pk)


def heartbeat(name: str, *, queues: str = "agent_builds", seconds_ago: float = 0, in_flight: int = 0) -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(
        id=name, queues=queues, host="机器一", pid=1, in_flight=in_flight, started_at=now,
        seen_at=now - timedelta(seconds=seconds_ago),
    )  # fmt: skip


class TestStatus:
    def test_shows_own_jobs_and_live_workers(self, alice: User, bob: User, client_for: ClientFor) -> None:
        submit(alice), submit(bob)
        running = submit(alice)
        transitions.claim(running.pk, worker="w", lease=timedelta(minutes=1))
        heartbeat("alive")
        heartbeat("dead", seconds_ago=3600)
        heartbeat("other", queues="status_updates")
        shown = client_for(alice).get("/api/v1/queue/status").json()["data"]
        assert shown == {"own": {"queued": 1, "running": 1, "waiting": 0}, "workers_alive": 1}

    def test_staff_see_everything(
        self, alice: User, staff: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("generation.api.views.queues.queue_messages", lambda: {"agent_builds": 3})
        job = submit(alice)
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now() - timedelta(seconds=90))
        heartbeat("both", queues="agent_builds,status_updates", in_flight=7)
        heartbeat("dead", seconds_ago=3600, in_flight=9)
        shown = client_for(staff).get("/api/v1/queue/status").json()["data"]
        assert shown["own"]["queued"] == 0
        assert shown["all"] == {"queued": 1, "running": 0, "waiting": 0}
        assert 90 <= shown["oldest_queued_seconds"] < 100
        queues = {one["queue"]: (one["alive"], one["in_flight"], one["messages"]) for one in shown["queues"]}
        assert queues == {"agent_builds": (1, 7, 3), "status_updates": (1, 7, None)}
        assert [(one["id"], one["is_alive"]) for one in shown["workers"]] == [("both", True), ("dead", False)]

    def test_a_broker_that_is_gone_leaves_the_rest(self, settings: Any) -> None:
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
        assert queue_messages() == {}

    def test_wants_a_login(self, anonymous: APIClient, db: None) -> None:
        assert anonymous.get("/api/v1/queue/status").status_code == 401


class TestClear:
    URL = "/api/v1/queue/clear"

    def test_cancels_what_is_queued_and_leaves_what_runs(
        self, alice: User, bob: User, staff: User, client_for: ClientFor
    ) -> None:
        jobs = [submit(alice), submit(bob)]
        running = submit(alice)
        transitions.claim(running.pk, worker="w", lease=timedelta(minutes=1))
        answer = client_for(staff).delete(self.URL)
        assert answer.json()["data"] == {"cancelled": 2, "remaining": 0}
        for job in jobs:
            job.refresh_from_db()
            assert job.status == JobStatus.CANCELLED
            event = JobEvent.objects.get(job=job, seq=job.event_seq)
            assert (event.type, event.data) == ("cancelled", {"by": "staff"})
        running.refresh_from_db()
        assert (running.status, running.cancel_requested_at) == (JobStatus.RUNNING, None)

    def test_a_batch_ends_as_cancelled_when_its_running_items_are_done(
        self, alice: User, staff: User, client_for: ClientFor
    ) -> None:
        parent = job_submit(kind="test.parent", input={}, owner_id=alice.pk)
        first, *_ = children_submit(parent=parent, kind="test.text", inputs=[TextInput()] * 3)
        runner.run(parent.pk)
        claimed = transitions.claim(first.pk, worker="w", lease=timedelta(minutes=1))
        assert claimed is not None
        answer = client_for(staff).delete(self.URL)
        assert answer.json()["data"]["cancelled"] == 2
        parent.refresh_from_db()
        assert parent.status == JobStatus.WAITING
        runner.run_claimed(claimed)
        assert not runner.run_next_child(parent.pk)
        parent.refresh_from_db()
        first.refresh_from_db()
        assert (first.status, parent.status) == (JobStatus.SUCCEEDED, JobStatus.CANCELLED)

    def test_one_call_cancels_a_part_of_a_long_queue(
        self, alice: User, staff: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from generation.jobs.clearing import queue_clear

        oldest, *_ = [submit(alice) for _ in range(5)]
        cleared = queue_clear(by=staff, limit=3)
        assert (cleared.cancelled, cleared.remaining) == (3, 2)
        oldest.refresh_from_db()
        assert oldest.status == JobStatus.CANCELLED

    def test_is_for_staff(self, alice: User, client_for: ClientFor) -> None:
        answer = client_for(alice).delete(self.URL)
        assert answer.status_code == 403
        assert answer.json()["data"]["code"] == "PERMISSION_DENIED"


class TestHealth:
    def test_ready_shows_the_workers(self, anonymous: APIClient, db: None) -> None:
        heartbeat("alive", in_flight=2)
        body = anonymous.get("/health/ready").json()
        workers = body["data"]["checks"]["workers"]
        assert workers["ok"] is False  # nobody attends to the other queue
        assert workers["queues"]["agent_builds"]["alive"] == 1
        assert workers["queues"]["agent_builds"]["in_flight"] == 2
        assert workers["queues"]["status_updates"]["alive"] == 0
        assert "workers" not in workers

    def test_ready_is_content_when_every_queue_is_attended(self, anonymous: APIClient, db: None) -> None:
        heartbeat("builder")
        heartbeat("updater", queues="status_updates")
        assert anonymous.get("/health/ready").json()["data"]["checks"]["workers"]["ok"] is True

    def test_detailed_names_them_to_staff(self, staff: User, client_for: ClientFor) -> None:
        heartbeat("alive")
        body = client_for(staff).get("/health/detailed").json()
        assert [one["id"] for one in body["data"]["checks"]["workers"]["workers"]] == ["alive"]
