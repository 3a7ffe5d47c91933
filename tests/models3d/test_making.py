"""What was paid for is never bought twice, whatever comes of it."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import FileRemoval, User
from accounts.services.budgets import budget_set
from accounts.services.files import removals_run
from config.files.storages import DiskStorage
from generation.jobs import runner
from generation.models import Job, ProviderCall, StoredFile
from generation.providers.base import BAD_ANSWER, RATE_LIMITED, ProviderError
from generation.providers.mesh.base import MeshAnswer, MeshFile, MeshOrder
from generation.providers.mesh.sandbox import SandboxMeshes
from models3d import handlers
from models3d.models import Model3D, ModelVersion
from tests.generation.factories import make_due
from tests.generation.files.uploads import refusal, stored, upload
from tests.models3d.conftest import Answers
from tests.models3d.factories import MODELS, MUG, ask, made, shown
from tests.models3d.reading import BROKEN, STL
from tests.support.access_tokens import machine
from tests.support.catalogue import item_model_make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]


def answer_of(*files: tuple[str, bytes], unit: str = "") -> MeshAnswer:
    return MeshAnswer(
        provider="sandbox",
        model="sandbox",
        files=tuple(MeshFile(format=format, data=data) for format, data in files),  # type: ignore[arg-type]
        unit=unit,
    )


def calls() -> list[ProviderCall]:
    return list(ProviderCall.objects.order_by("created_at"))


def test_where_a_file_cant_be_read_the_next_one_is_taken(client: APIClient, answers: Answers) -> None:
    answers += [answer_of(("glb", BROKEN), ("stl", STL))]
    done = made(client)
    assert (done["version"]["format"], done["version"]["unit_source"]) == ("stl", "scaled")
    assert done["cost"]["calls"] == 1
    assert max(done["version"]["report"]["size_mm"]) == 100.0, "what nobody gave a size has the usual one"


def test_what_cant_be_read_at_all_is_paid_for_and_bought_again_only_if_asked(
    client: APIClient, answers: Answers
) -> None:
    answers += [answer_of(("glb", BROKEN))]
    row = ask(client, prompt=MUG, model="sandbox-priced")
    runner.run(row["id"])
    failed = shown(client, row["id"])
    assert (failed["status"], failed["error"]["code"]) == ("failed", "MESH_UNUSABLE")
    assert (failed["error"]["charged"], failed["error"]["retryable"]) == (True, False)
    assert failed["error"]["details"]["cause"] == "MESH_UNREADABLE"
    [call] = calls()
    assert (call.status, call.rejected_code, call.step) == ("settled", "MESH_UNUSABLE", "mesh-1")
    assert (stored(), ModelVersion.objects.count()) == (set(), 0)
    runner.run(row["id"])
    assert len(calls()) == 1, "nobody asked for another one"

    assert client.post(f"/api/v1/jobs/{row['id']}/retry").status_code == 202
    runner.run(row["id"])
    assert shown(client, row["id"])["status"] == "succeeded"
    assert [call.step for call in calls()] == ["mesh-1", "mesh-2"]


def test_done_without_a_file_is_final_and_told_as_paid(client: APIClient, answers: Answers) -> None:
    answers += [ProviderError(BAD_ANSWER, "No file.", retryable=False, charged=True, provider="sandbox")]
    row = ask(client, prompt=MUG, model="sandbox-priced")
    runner.run(row["id"])
    failed = shown(client, row["id"])
    assert (failed["status"], failed["error"]["charged"]) == ("failed", True)
    assert len(calls()) == 1


def test_a_storage_that_fails_is_written_to_again_and_nothing_is_made_again(
    client: APIClient, orders: list[MeshOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(client)
    real, left = DiskStorage.save, [1]

    def save(self: DiskStorage, *args: Any, **options: Any) -> Any:
        if left[0] == 0:
            left[0] = -1
            raise OSError("the disk is full")
        left[0] -= 1
        return real(self, *args, **options)

    monkeypatch.setattr(DiskStorage, "save", save)
    runner.run(row["id"])
    waiting = shown(client, row["id"])
    assert (waiting["status"], waiting["error"]["code"]) == ("queued", "FILE_STORAGE_UNAVAILABLE")
    assert stored() == set(), "what was stored before is taken back"
    make_due(Job.objects.get(pk=row["id"]))
    runner.run(row["id"])
    assert shown(client, row["id"])["status"] == "succeeded"
    assert len(orders) == len(calls()) == 1
    assert ProviderCall.objects.exclude(result=None).count() == 0, "what was stored isn't kept twice"


def test_a_mesh_that_finds_no_room_is_stored_once_there_is_some(
    client: APIClient, orders: list[MeshOrder], settings: Any
) -> None:
    row, room = ask(client, prompt=MUG, model="sandbox-priced"), settings.FILE_QUOTA_BYTES
    settings.FILE_QUOTA_BYTES = 10
    runner.run(row["id"])
    failed = shown(client, row["id"])
    assert (failed["status"], failed["error"]["code"]) == ("failed", "FILE_QUOTA_EXCEEDED")
    assert failed["error"]["charged"] is True
    settings.FILE_QUOTA_BYTES = room
    assert client.post(f"/api/v1/jobs/{row['id']}/retry").status_code == 202
    runner.run(row["id"])
    assert shown(client, row["id"])["status"] == "succeeded"
    assert len(orders) == len(calls()) == 1


def test_a_failure_that_may_pass_is_tried_again(client: APIClient, answers: Answers) -> None:
    answers += [ProviderError(RATE_LIMITED, "Later.", retryable=True, charged=False, provider="sandbox")]
    row = ask(client)
    runner.run(row["id"])
    assert shown(client, row["id"])["status"] == "queued"
    make_due(Job.objects.get(pk=row["id"]))
    runner.run(row["id"])
    assert shown(client, row["id"])["status"] == "succeeded"


def test_a_mesh_that_nobody_can_read_fails_with_its_reason(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = upload(client, b"glTF broken and more", "a.glb").json()["data"]
    row = ask(client, file_id=file["id"])
    runner.run(row["id"])
    failed = shown(client, row["id"])
    assert (failed["status"], failed["error"]["code"]) == ("failed", "MESH_UNREADABLE")
    assert failed["error"]["charged"] is False
    assert [one.pk.hex for one in StoredFile.objects.all()] == [file["id"].replace("-", "")]


# -- money -----------------------------------------------------------------------------------------------------------


def test_it_is_told_before_and_paid_once(client: APIClient, alice: User) -> None:
    priced = {"prompt": MUG, "model": "sandbox-priced"}
    told = client.post(f"{MODELS}/estimate", priced).json()["data"]
    assert told["cost"]["least_micros"] == told["cost"]["most_micros"] > 0
    plain = client.post(f"{MODELS}/estimate", {**priced, "is_textured": False}).json()["data"]
    assert 0 < plain["cost"]["most_micros"] <= told["cost"]["most_micros"]
    assert not Model3D.objects.exists()
    done = made(client, **priced)
    assert done["cost"]["cost_micros"] == told["cost"]["most_micros"]

    budget_set(user=alice, limit_micros=told["cost"]["most_micros"])
    assert refusal(client.post(MODELS, priced)) == (402, "BUDGET_EXCEEDED")
    assert Model3D.objects.count() == 1

    file = upload(client, STL, "a.stl").json()["data"]
    free = client.post(f"{MODELS}/estimate", {"file_id": file["id"]}).json()["data"]["cost"]
    assert (free["most_micros"], free["routes"]) == (0, [])


def test_a_test_token_asks_the_sandbox_only(client: APIClient, alice: User) -> None:
    item_model_make("meshy", "meshy-6", capability="mesh", micros=200_000)
    tester = machine(alice, "models:read", "models:write", is_test=True)
    done = made(tester, prompt=MUG, model="meshy:meshy-6")
    assert (done["is_test"], done["provider"], done["is_procedural"]) == (True, "sandbox", True)
    assert done["cost"]["cost_micros"] == 200_000


# -- it goes meanwhile -------------------------------------------------------------------------------------------------


def test_a_mesh_that_comes_too_late_is_thrown_away(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(client)
    make = SandboxMeshes.order

    def deleted_meanwhile(self: SandboxMeshes, order: MeshOrder) -> MeshAnswer:
        assert client.delete(f"{MODELS}/{row['id']}").status_code == 204
        return make(self, order)

    monkeypatch.setattr(SandboxMeshes, "order", deleted_meanwhile)
    runner.run(row["id"])
    assert not Model3D.objects.exists()
    assert not StoredFile.objects.exists()
    removals_run()
    assert stored() == set()


def test_one_that_is_deleted_as_it_is_stored_keeps_nothing(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(client)
    monkeypatch.setattr(handlers, "locked", lambda pk: Model3D.objects.filter(pk=pk).delete() and None)
    runner.run(row["id"])
    assert Job.objects.get(pk=row["id"]).status == "succeeded"
    assert (StoredFile.objects.count(), FileRemoval.objects.count()) == (0, 3)
    removals_run()
    assert stored() == set()


def test_what_was_made_goes_with_the_model(client: APIClient) -> None:
    done = made(client)
    assert len(stored()) == 3
    assert client.delete(f"{MODELS}/{done['id']}").status_code == 204
    assert not StoredFile.objects.exists()
    removals_run()
    assert stored() == set()
    assert refusal(client.get(f"{MODELS}/{done['id']}")) == (404, "NOT_FOUND")
    assert refusal(client.post(f"{MODELS}/{done['id']}/cancel")) == (404, "NOT_FOUND")


def test_what_is_over_cant_be_stopped(client: APIClient) -> None:
    row = ask(client)
    for _ in range(2):
        answer = client.post(f"{MODELS}/{row['id']}/cancel")
        assert (answer.status_code, answer.json()["data"]["status"]) == (200, "cancelled")
    done = made(client)
    assert refusal(client.post(f"{MODELS}/{done['id']}/cancel")) == (409, "MODEL_WRONG_STATE")
