"""Meshes are bought once per step, through the runner: at once, by a task, or by two that are paid for each."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from generation.domain.catalogue import IMAGE
from generation.domain.prices import PLAIN, TEXTURED, TEXTURES
from generation.domain.states import JobStatus
from generation.jobs import orders, polling, runner, services
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.models import Job
from generation.providers.mesh import sandbox
from generation.providers.mesh.base import MeshAnswer, MeshOrder
from tests.generation.factories import (
    calls,
    events,
    fetch,
    make_due,
    order_to_the_end,
    run_until_over,
    scripted_job,
)
from tests.generation.images.orders import image_job
from tests.generation.meshes.conftest import MICROS
from tests.support.catalogue import item_model_make
from tests.support.kinds.handlers import MeshInput
from tests.support.mesh_server import GLB, MeshServer
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db
PROMPT = "一只红色的陶瓷猫 🐈"
Row = tuple[str, str, str, int | None]


def mesh_job(owner: User, prompt: str = PROMPT, **wanted: object) -> Job:
    """Buys one mesh, copies it, and is done."""
    given = MeshInput(prompt, **wanted)  # type: ignore[arg-type]
    return services.job_submit(kind="test.mesh", input=given, owner_id=owner.pk)


def bought(job: Job) -> list[Row]:
    return [(call.step, call.provider, call.status, call.cost_micros) for call in calls(job)]


def test_a_failed_storing_does_not_make_the_mesh_again(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "modelled", lambda **wanted: GLB)
    meshes: list[bytes] = []

    def run(run: JobRun) -> NoOutput:
        answer = run.mesh("mesh", MeshOrder(prompt="一个杯子", size_mm=80), feature="test")
        assert isinstance(answer, MeshAnswer)
        assert (answer.provider, answer.unit) == ("sandbox", "m")
        with run.mesh_file(answer) as file:
            meshes.append(file.read())
        if len(meshes) == 1:
            raise OSError("the disk is full")
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.FAILED
    services.job_retry(job=fetch(job))
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert meshes[0].startswith(b"glTF")
    assert meshes[0] == meshes[1]
    assert bought(job) == [("mesh", "sandbox", "settled", 0)]
    assert calls(job)[0].capability == "mesh"


def test_a_task_is_waited_for_and_paid_for_once(alice: User, vendor: MeshServer) -> None:
    vendor.is_done = False
    job = mesh_job(alice, is_textured=False)
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).provider_ref) == (JobStatus.WAITING, "preview/task-1")
    make_due(job)
    assert polling.poll_due() == 1
    runner.poll(job.pk)
    assert (fetch(job).attempt, fetch(job).progress) == (1, 40), "the vendor's own number"
    vendor.is_done = True
    assert order_to_the_end(job).status == JobStatus.SUCCEEDED
    assert fetch(job).output == {"size": len(GLB)}
    assert bought(job) == [("mesh", "meshy", "settled", MICROS[PLAIN])]
    assert events(job) == ["queued", "started", "waiting", "progress", "succeeded"]
    assert len(vendor.orders) == 1


def test_textures_are_a_task_and_a_call_of_their_own(alice: User, vendor: MeshServer) -> None:
    job = order_to_the_end(mesh_job(alice))
    assert job.status == JobStatus.SUCCEEDED
    assert bought(job) == [
        ("mesh", "meshy", "settled", MICROS[PLAIN]),
        ("textures:mesh", "meshy", "settled", MICROS[TEXTURES]),
    ]
    assert vendor.bodies[1] == {"mode": "refine", "preview_task_id": "task-1"}
    assert vendor.copied == ["fine"], "the draft isn't copied"
    of_picture = order_to_the_end(mesh_job(alice, "", picture=picture()))
    assert bought(of_picture) == [("mesh", "meshy", "settled", MICROS[TEXTURED])]


def test_nobody_else_gives_a_draft_its_textures(alice: User, vendor: MeshServer, settings: object) -> None:
    vendor.is_done = False
    job = mesh_job(alice)
    runner.run(job.pk)
    vendor.is_done = True
    make_due(job)
    polling.poll_due()
    settings.PROVIDER_ORDER = {"mesh": ["tencent"]}  # type: ignore[attr-defined]
    failed = order_to_the_end(job)
    assert (failed.error_code, failed.error["charged"]) == ("PROVIDER_UNAVAILABLE", True)
    assert bought(job) == [("mesh", "meshy", "settled", MICROS[PLAIN])]
    settings.PROVIDER_ORDER = {"mesh": ["meshy"]}  # type: ignore[attr-defined]
    services.job_retry(job=failed)
    assert order_to_the_end(job).status == JobStatus.SUCCEEDED
    assert [prompt for prompt, _ in vendor.orders] == [PROMPT] * 2, "the draft was bought already"


def test_the_next_provider_makes_it_where_the_first_charged_nothing(alice: User, vendor: MeshServer) -> None:
    failed = mesh_job(alice, f"{PROMPT} [[server:failed]]", is_textured=False)
    order_to_the_end(failed, rounds=4)
    assert bought(failed)[:2] == [("mesh", "meshy", "released", 0), ("mesh", "tencent", "released", 0)]
    for refused in (f"{PROMPT} [[server:no-quota]]", "长" * 601):
        job = mesh_job(alice, refused)
        runner.run(job.pk)
        assert [call.provider for call in calls(job)] == ["meshy", "tencent"]


def test_a_vendor_that_takes_no_more_orders_is_asked_again_without_a_failure(
    alice: User, vendor: MeshServer
) -> None:
    job = mesh_job(alice, f"{PROMPT} [[server:busy]]", model="hunyuan-3d-rapid")
    for _ in range(6):
        make_due(job)
        runner.run(job.pk)
    assert (fetch(job).status, fetch(job).failures) == (JobStatus.QUEUED, 0)
    assert fetch(job).not_before > timezone.now() + timedelta(seconds=5)
    assert {row[2:] for row in bought(job)} == {("released", 0)}
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - 2 * orders.LONGEST_WAIT)
    assert order_to_the_end(job).error_code == "PROVIDER_RATE_LIMITED", "but not for ever"


def test_what_fails_tells_whether_it_was_charged(alice: User, vendor: MeshServer) -> None:
    """Done without a file, with an empty one, a page instead, a link that is over, a task that nobody knows."""
    told = {}
    for scenario in ("moderated", "no-mesh", "forgotten", "html", "empty", "expired"):
        failed = order_to_the_end(mesh_job(alice, f"{PROMPT} [[server:{scenario}]]", is_textured=False))
        told[scenario] = failed.error_code, failed.error["charged"], bought(failed)[0][2:]
    paid = MICROS[PLAIN]
    assert told == {
        "moderated": ("PROVIDER_CONTENT_REFUSED", False, ("released", 0)),
        "no-mesh": ("PROVIDER_BAD_ANSWER", True, ("released", paid)),
        "forgotten": ("CALL_UNCERTAIN", None, ("uncertain", None)),
        "html": ("PROVIDER_BAD_ANSWER", True, ("settled", paid)),
        "empty": ("PROVIDER_BAD_ANSWER", True, ("settled", paid)),
        "expired": ("PROVIDER_BAD_ANSWER", True, ("settled", paid)),
    }
    assert len(vendor.orders) == 5


def test_a_file_that_cannot_be_copied_now_is_copied_later(alice: User, vendor: MeshServer) -> None:
    job = mesh_job(alice, f"{PROMPT} [[server:down]]", is_textured=False)
    runner.run(job.pk)
    for _ in range(3):
        make_due(job)
        polling.poll_due()
        runner.poll(job.pk)
    assert not fetch(job).is_terminal
    assert vendor.copied == ["down"] * 3
    assert (len(vendor.orders), bought(job)) == (1, [("mesh", "meshy", "settled", MICROS[PLAIN])])


def test_a_lost_order_is_searched_for_or_is_for_a_person_to_decide(alice: User, vendor: MeshServer) -> None:
    found = order_to_the_end(mesh_job(alice, f"{PROMPT} [[server:lost]]", is_textured=False))
    assert (found.status, len(vendor.orders)) == (JobStatus.SUCCEEDED, 1)
    lost = order_to_the_end(mesh_job(alice, f"{PROMPT} [[server:lost]]", model="hunyuan-3d-rapid"))
    assert (lost.error_code, lost.error["charged"]) == ("CALL_UNCERTAIN", None)
    assert len(vendor.orders) == 2


def test_one_round_asks_for_meshes_and_pictures(alice: User, vendor: MeshServer) -> None:
    item_model_make("sandbox", "sandbox-tasks", capability=IMAGE, micros=0)
    vendor.is_done = False
    jobs = [
        image_job(alice, model="sandbox-tasks"),
        mesh_job(alice),
        mesh_job(alice, model="hunyuan-3d-rapid"),
    ]
    for job in jobs:
        runner.run(job.pk)
        make_due(job)
    assert [fetch(job).status for job in jobs] == [JobStatus.WAITING] * 3
    assert polling.poll_due() == 3
    assert sorted(vendor.lookups) == ["/openapi/v2/text-to-3d/task-1", "task-2"]


def test_cancelling_stops_the_task_where_its_vendor_can(alice: User, vendor: MeshServer) -> None:
    vendor.is_done = False
    for has_started, row in ((False, ("released", 0)), (True, ("uncertain", None))):
        vendor.has_started = has_started
        job = mesh_job(alice)
        runner.run(job.pk)
        services.job_cancel(job=fetch(job))
        assert order_to_the_end(job).status == JobStatus.CANCELLED
        assert bought(job)[0][2:] == row
    vendor.is_done = True
    assert polling.resolve_cancelled() == 1
    assert bought(job)[0][2:] == ("released", MICROS[PLAIN])
