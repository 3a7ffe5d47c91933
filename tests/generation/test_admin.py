"""Staff steer jobs and decide about calls in the back office, through the services and with a result per row."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from config.money import money
from generation.admin.home import duration
from generation.admin.words import EVENT_WORDS
from generation.domain.states import CallStatus, JobStatus
from generation.jobs import ledger, runner, transitions
from generation.jobs.services import job_submit
from generation.models import Job, JobEvent, ProviderCall, WorkerHeartbeat
from generation.selectors.figures import daily_figures, first_id_at, things_waiting
from tests.support.forms import fields_of
from tests.support.kinds.handlers import TextInput
from tests.support.speaking import speak

ERROR = {
    "code": "PROVIDER_TIMEOUT",
    "message": "Late.",
    "message_zh": "超时。",
    "retryable": True,
    "charged": None,
}


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def submit(owner: User) -> Job:
    return job_submit(kind="test.text", input=TextInput(), owner_id=owner.pk)


def failed(owner: User) -> Job:
    job = submit(owner)
    assert transitions.fail(Job.objects.filter(pk=job.pk), ERROR)
    return job


def uncertain(job: Job, **fields: Any) -> ProviderCall:
    return ProviderCall.objects.create(
        owner=job.owner, job=job, step="text-1", feature="test", capability="llm", provider="deepseek",
        status=CallStatus.UNCERTAIN, reserved_micros=5280, **fields,
    )  # fmt: skip


def act(client: Client, model: type[Any], action: str, *rows: Any, **fields: str) -> list[str]:
    """Choose rows in a list and run an action; returns the messages."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows], "confirmed": "yes", **fields}
    answer = client.post(url, form)
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)]


def words_of(event: JobEvent) -> str:
    with translation.override("zh-hans"):
        return str(EVENT_WORDS[event.type])


class TestJobs:
    def test_retry_tells_for_each_job_what_became_of_it(self, back_office: Client, alice: User) -> None:
        again, queued = failed(alice), submit(alice)
        said = act(back_office, Job, "retry_all", again, queued)
        assert said[0] == "1 job runs again."
        assert str(queued.pk) in said[1]
        assert "queued" in said[1]
        again.refresh_from_db()
        assert (again.status, again.failures) == (JobStatus.QUEUED, 0)

    def test_many_are_asked_about_before_they_cost_anything(self, back_office: Client, alice: User) -> None:
        jobs = [failed(alice), failed(alice)]
        form = {"action": "retry_all", "_selected_action": [str(job.pk) for job in jobs]}
        url = reverse("admin:generation_job_changelist")
        asked = back_office.post(url, form)
        assert "may be bought once more" in asked.text
        assert not Job.objects.exclude(status=JobStatus.FAILED).exists()
        back_office.post(url, fields_of(asked.text, "ask-first"))
        assert not Job.objects.exclude(status=JobStatus.QUEUED).exists()

    def test_retry_is_staffs_word_on_uncertain_calls(self, back_office: Client, alice: User) -> None:
        job = failed(alice)
        call = uncertain(job)
        act(back_office, Job, "retry_all", job)
        call.refresh_from_db()
        assert (call.status, call.resolution) == (CallStatus.UNCERTAIN, "staff asked for a retry")
        assert not ledger.unresolved(job).exists()

    def test_cancel(self, back_office: Client, alice: User) -> None:
        job = submit(alice)
        assert act(back_office, Job, "cancel_all", job) == ["1 job is cancelled."]
        job.refresh_from_db()
        assert job.status == JobStatus.CANCELLED

    @pytest.mark.parametrize(("name", "status"), [("retry", JobStatus.QUEUED), ("cancel", JobStatus.FAILED)])
    def test_a_button_asks_before_it_acts(
        self, back_office: Client, alice: User, name: str, status: JobStatus
    ) -> None:
        job = failed(alice)
        url = reverse(f"admin:generation_job_{name}_one", args=[job.pk])
        assert b"<form" in back_office.get(url).content
        job.refresh_from_db()
        assert job.status == JobStatus.FAILED
        answer = back_office.post(url, {"_form_submitted": "true"})
        assert answer.headers["HX-Redirect"] == reverse("admin:generation_job_change", args=[job.pk])
        job.refresh_from_db()
        assert job.status == status

    def test_a_page_shows_timeline_ledger_and_error(self, back_office: Client, alice: User) -> None:
        job = submit(alice)
        runner.run(job.pk)
        uncertain(job)
        url = reverse("admin:generation_job_change", args=[job.pk])
        page = speak(back_office, "zh-CN").get(url).text
        assert "时间线" in page
        for event in JobEvent.objects.filter(job=job):
            assert f"{event.seq} · {words_of(event)}" in page
        assert "≤ USD 0.00528" in page
        assert "结果不明" in page

    def test_a_long_timeline_shows_the_newest(self, back_office: Client, alice: User) -> None:
        job = submit(alice)
        for percent in range(100):
            transitions.note(job.pk, "progress", {"percent": percent})
        page = speak(back_office, "en").get(reverse("admin:generation_job_change", args=[job.pk])).text
        assert "The newest 100 of 101." in page
        assert "1 · queued" not in page

    def test_what_others_wrote_is_text(self, back_office: Client, alice: User) -> None:
        job = submit(alice)
        transitions.note(job.pk, "progress", {"message": "<script>alert('茶')</script>"})
        page = back_office.get(reverse("admin:generation_job_change", args=[job.pk])).text
        assert "<script>alert(" not in page

    def test_search_finds_by_id_owner_and_kind(self, back_office: Client, alice: User, bob: User) -> None:
        job, other = submit(alice), submit(bob)
        url = reverse("admin:generation_job_changelist")
        for term, found in (
            (job.pk, {job}),
            (alice.pk, {job}),
            ("bob", {other}),
            ("test.te", {job, other}),
            ("x", set()),
        ):
            assert set(back_office.get(url, {"q": str(term)}).context["cl"].result_list) == found

    def test_nobody_writes_rows_past_the_engine(self, back_office: Client, alice: User) -> None:
        job = submit(alice)
        url = reverse("admin:generation_job_change", args=[job.pk])
        assert back_office.post(url, {"status": "succeeded"}).status_code == 403
        assert back_office.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
        assert back_office.get(reverse("admin:generation_job_add")).status_code == 403


class TestCalls:
    @pytest.mark.parametrize(
        ("action", "cost", "outcome"),
        [("resolve_as_free", 0, "released"), ("resolve_as_charged", 5280, "charged")],
    )
    def test_a_person_decides_once(
        self, back_office: Client, alice: User, action: str, cost: int, outcome: str
    ) -> None:
        call = uncertain(failed(alice))
        assert act(back_office, ProviderCall, action, call, note="their log") == ["1 call is resolved."]
        call.refresh_from_db()
        assert (call.status, call.cost_micros) == (CallStatus.RELEASED, cost)
        assert call.resolution == f"staff: {outcome} (their log)"
        *_, said = act(back_office, ProviderCall, "resolve_as_free", call, note="again")
        assert "It was changed in the meantime." in said

    def test_on_its_own_page(self, back_office: Client, alice: User) -> None:
        call = uncertain(failed(alice))
        url = reverse("admin:generation_providercall_resolve_one_as_charged", args=[call.pk])
        assert "USD 0.00528 is set aside for it." in back_office.get(url).text
        back_office.post(url, {"_form_submitted": "true", "note": "their log"})
        call.refresh_from_db()
        assert call.cost_micros == 5280

    def test_the_list_offers_the_undecided_first(self, back_office: Client, alice: User) -> None:
        open_call, decided = uncertain(failed(alice)), uncertain(failed(alice), resolution="the owner")
        url = reverse("admin:generation_providercall_changelist")
        view = back_office.get(url, {"status": "undecided"}).context["cl"]
        assert list(view.result_list) == [open_call]
        assert [value for value, _ in view.filter_specs[0].lookup_choices][:2] == ["undecided", "uncertain"]
        assert decided in back_office.get(url, {"status": "uncertain"}).context["cl"].result_list

    def test_bought_answers_are_not_shown(self, back_office: Client, alice: User) -> None:
        call = uncertain(failed(alice))
        ProviderCall.objects.filter(pk=call.pk).update(result={"text": "机密内容"})
        assert (
            "机密内容"
            not in back_office.get(reverse("admin:generation_providercall_change", args=[call.pk])).text
        )

    def test_who_may_only_look_can_decide_nothing(self, alice: User) -> None:
        clerk = User.objects.create_user("clerk", "clerk@example.com", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        client = Client()
        client.force_login(clerk)
        job = failed(alice)
        call = uncertain(job)
        for model, row, action in ((Job, job, "retry_all"), (ProviderCall, call, "resolve_as_free")):
            url = reverse(f"admin:generation_{model._meta.model_name}_changelist")
            assert action not in client.get(url).text
            client.post(url, {"action": action, "_selected_action": [str(row.pk)]})
        detail = reverse("admin:generation_job_retry_one", args=[job.pk])
        assert client.post(detail, {"_form_submitted": "true"}).status_code == 403
        job.refresh_from_db()
        call.refresh_from_db()
        assert (job.status, call.status) == (JobStatus.FAILED, CallStatus.UNCERTAIN)


class TestHome:
    def test_names_what_waits(self, alice: User) -> None:
        job = failed(alice)
        uncertain(job)
        uncertain(job, resolution="decided")
        now = timezone.now()
        WorkerHeartbeat.objects.create(
            id="dead",
            queues="agent_builds",
            host="h",
            pid=1,
            started_at=now,
            seen_at=now - timedelta(hours=1),
        )
        waiting = things_waiting()
        assert (waiting.failed_jobs, waiting.latest_failed) == (1, [job])
        assert (waiting.uncertain_calls, waiting.uncertain_micros) == (1, 5280)
        assert [worker.pk for worker in waiting.dead_workers] == ["dead"]
        assert [one.alive for one in waiting.queues] == [0, 0]

    def test_links_lead_to_the_rows(self, back_office: Client, alice: User) -> None:
        job = failed(alice)
        page = back_office.get(reverse("admin:index"))
        for tile in page.context["tiles"]:
            assert back_office.get(tile["url"]).status_code == 200
        assert reverse("admin:generation_job_change", args=[job.pk]) in page.text

    def test_days_are_counted_by_when_rows_were_made(self, alice: User) -> None:
        today = timezone.now().astimezone(UTC).date()

        def made_on(day: date, **fields: Any) -> None:
            moment = datetime.combine(day, time(12), UTC)
            job = Job.objects.create(
                id=first_id_at(moment),
                owner=alice,
                kind="test.text",
                status=JobStatus.SUCCEEDED,
                finished_at=moment,
            )
            call = ProviderCall.objects.create(
                id=first_id_at(moment), owner=alice, job=job, step="s", feature="f", capability="llm", provider="p",
                status=CallStatus.SETTLED, sent_at=moment, settled_at=moment + timedelta(seconds=4), **fields,
            )  # fmt: skip
            Job.objects.filter(pk=job.pk).update(created_at=moment)
            ProviderCall.objects.filter(pk=call.pk).update(created_at=moment)

        made_on(today - timedelta(days=13), cost_micros=700, input_tokens=1, output_tokens=2)
        made_on(today - timedelta(days=2), cost_micros=50)
        made_on(today - timedelta(days=1), cost_micros=0, resolution="boss: charged")
        made_on(today - timedelta(days=3), cost_micros=5_000, is_test=True)
        made_on(today - timedelta(days=4), cost_micros=6_000, is_own_key=True)
        made_on(today - timedelta(days=14), cost_micros=9_999)
        days = daily_figures()
        assert [day.day for day in days] == [today - timedelta(days=n) for n in range(13, -1, -1)]
        assert (days[0].succeeded, days[0].cost_micros, days[0].output_tokens) == (1, 700, 2)
        assert (days[11].succeeded, days[11].latency, days[11].slowest) == (1, 4.0, 4.0)
        assert sum(day.cost_micros for day in days) == 750, (
            "neither play money nor what owners pay themselves"
        )
        assert days[-1].latency is None
        assert days[-2].latency is None, "a person's word isn't the provider's answer"

    def test_figures_cost_two_queries(self, alice: User, django_assert_num_queries: Any) -> None:
        failed(alice)
        with django_assert_num_queries(2):
            daily_figures()


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (None, "-"),
        (0, "USD 0.00"),
        (1, "USD 0.000001"),
        (1_500_000, "USD 1.50"),
        (1_234_567_890_000, "USD 1,234,567.89"),
    ],
)
def test_money_loses_nothing(micros: int | None, text: str) -> None:
    assert money(micros) == text


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text
