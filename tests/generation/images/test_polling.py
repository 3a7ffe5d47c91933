"""One round asks for all orders of a vendor together; whoever waits holds nothing but a row."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import orders, polling, runner
from generation.jobs.worker import this_worker
from generation.models import Job, JobEvent, ProviderCall
from generation.providers.base import CONTENT_REFUSED, UNAVAILABLE, ProviderError
from generation.providers.image.base import ImageAnswer, Outcome, Picture
from tests.generation.factories import calls, fetch, make_due
from tests.generation.images.orders import image_job
from tests.support.image_server import PNG, ImageServer

pytestmark = pytest.mark.django_db


def waiting_jobs(owner: User, number: int) -> list[Job]:
    """Copies of a job that waits for its vendor."""
    job = image_job(owner)
    runner.run(job.pk)
    waiting, call = fetch(job), calls(job)[0]
    jobs = [_copy(waiting, provider_ref=f"ref-{n}", not_before=timezone.now()) for n in range(number - 1)]
    Job.objects.bulk_create(jobs)
    ProviderCall.objects.bulk_create(
        _copy(call, job_id=one.pk, provider_ref=one.provider_ref) for one in jobs
    )
    make_due(job)
    return [waiting, *jobs]


def _copy(row: Any, **changes: Any) -> Any:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, "id": row._meta.pk.get_default(), **changes})


@dataclass
class Vendor:
    """Says of all orders what the test wants."""

    says: dict[str, Outcome | None]
    default: Outcome | None = None
    is_down: bool = False
    name: str = "aliyun"

    def __post_init__(self) -> None:
        self.asked: list[list[str]] = []

    def look_up(self, refs: list[str]) -> dict[str, Outcome]:
        self.asked.append(list(refs))
        if self.is_down:
            raise ProviderError(UNAVAILABLE, "down", retryable=True, charged=False)
        found = {ref: self.says.get(ref, self.default) for ref in refs}
        return {ref: outcome for ref, outcome in found.items() if outcome is not None}


def working(percent: int | None = None) -> ImageAnswer:
    return ImageAnswer("aliyun", "m", provider_ref="ref", percent=percent)


def look_up_by(monkeypatch: pytest.MonkeyPatch, vendor: Vendor) -> None:
    monkeypatch.setattr(orders, "maker_of", lambda call: vendor)


def test_a_thousand_waiting_jobs_are_asked_for_at_once_and_hold_nothing(
    alice: User, vendor: ImageServer, monkeypatch: pytest.MonkeyPatch, enqueued: list[Any]
) -> None:
    vendor.is_done = False
    jobs = waiting_jobs(alice, 1000)
    teller = Vendor({}, working())
    look_up_by(monkeypatch, teller)
    before = list(Job.objects.order_by("pk").values_list("pk", "attempt", "status", "event_seq"))
    enqueued.clear()
    with CaptureQueriesContext(connection) as queries:
        assert polling.poll_due() == len(jobs)
    assert [len(refs) for refs in teller.asked] == [1000]
    assert len(queries) <= 6, "as many as for one"
    assert list(Job.objects.order_by("pk").values_list("pk", "attempt", "status", "event_seq")) == before
    assert not Job.objects.exclude(worker="").exists()
    assert not Job.objects.exclude(lease_expires_at=None).exists()
    assert not this_worker()._entries()
    assert enqueued == []
    assert polling.poll_due() == 0, "none is due again at once"


def test_only_what_has_an_end_is_taken_up(
    alice: User,
    vendor: ImageServer,
    monkeypatch: pytest.MonkeyPatch,
    enqueued: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    vendor.is_done = False
    done, refused, slow, unheard = waiting_jobs(alice, 4)
    refusal = ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False, provider="aliyun")
    says = {
        done.provider_ref: ImageAnswer("aliyun", "m", picture=Picture(data=PNG)),
        refused.provider_ref: refusal,
        slow.provider_ref: working(40),
        unheard.provider_ref: None,
    }
    look_up_by(monkeypatch, Vendor(says))
    enqueued.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert polling.poll_due() == 4
    with django_capture_on_commit_callbacks(execute=True):
        assert polling.poll_due() == 1, "the one that the vendor didn't get to"
    heard = [kwargs["job_id"] for name, kwargs in enqueued if name == "generation.poll_job"]
    assert heard == [str(done.pk), str(refused.pk)], "each hears of it once"
    assert [calls(job)[0].status for job in (done, refused, slow)] == ["settled", "sent", "sent"]
    told = JobEvent.objects.filter(job_id=slow.pk, type="progress")
    assert (fetch(slow).progress, [event.data for event in told]) == (40, [{"percent": 40}])
    runner.poll(done.pk)
    runner.poll(refused.pk)
    assert fetch(done).status == JobStatus.SUCCEEDED
    assert fetch(refused).error_code == CONTENT_REFUSED


def test_a_vendor_that_is_down_costs_no_job_an_attempt(
    alice: User, vendor: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.is_done = False
    (job,) = waiting_jobs(alice, 1)
    look_up_by(monkeypatch, Vendor({}, is_down=True))
    for _ in range(5):
        make_due(job)
        assert polling.poll_due() == 1
    assert (fetch(job).status, fetch(job).failures, fetch(job).attempt) == (JobStatus.WAITING, 0, 1)


def test_an_order_whose_provider_is_gone_is_for_a_person_to_decide(
    alice: User, vendor: ImageServer, settings: Any
) -> None:
    vendor.is_done = False
    (job,) = waiting_jobs(alice, 1)
    settings.PROVIDERS = {}
    settings.PROVIDER_ORDER = {}
    polling.poll_due()
    runner.poll(job.pk)
    assert fetch(job).error_code == "CALL_UNCERTAIN"
