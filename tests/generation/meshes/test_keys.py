"""Keys of users' own for vendors of meshes pay, are verified, are for nothing else, and are written down nowhere."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from config.crypto import Secret
from generation.domain.catalogue import MESH
from generation.domain.prices import PLAIN
from generation.jobs.order_routes import order_routes_for
from generation.jobs.routes import routes_for
from generation.models import ProviderCall
from generation.providers import registry
from tests.conftest import Enqueued
from tests.generation.factories import calls, order_to_the_end
from tests.generation.meshes.conftest import MICROS, MODELS, PATHS
from tests.generation.meshes.test_buying import PROMPT, mesh_job
from tests.support.mesh_server import BEHAVIOURS, MeshServer
from tests.support.search import Marks, answers, listening, pages, rows, tasks

pytestmark = pytest.mark.django_db
KEY = "aQ7xZk2Mw-9_Rt.vHs4LpN8cJ_y-5.GdBf3WqT6uKe1YnX9owxyz"
SECRETS = {"meshy": KEY, "tencent": f"AKID{KEY}:{KEY[::-1]}"}
MARKS = Marks(KEY, KEY[::-1])
#: What repeats the key, and what fails elsewhere.
TRIED = [*(name for name in BEHAVIOURS if name.startswith("echo")), "auth", "lost", "html", "no-mesh"]


@pytest.fixture
def own(vendor: MeshServer, settings: Any) -> Iterator[None]:
    """Own keys lead to the local vendors, and the operator has none."""
    addresses = {"tencent": vendor.url, "meshy": vendor.meshy_url}
    settings.ORDER_VENDORS = {
        **settings.ORDER_VENDORS,
        MESH: {
            name: {"provider": name, "path": PATHS[name], "model": MODELS[name], "base_url": addresses[name]}
            for name in PATHS
        },
    }
    settings.PROVIDERS, settings.PROVIDER_ORDER = {}, {}
    registry.reset()
    yield
    provider_keys_forget_all()


def key(owner: User, provider: str, **fields: Any) -> ProviderKey:
    made = ProviderKey.objects.create(
        owner=owner, provider=provider, secret=Secret(SECRETS[provider]), **fields
    )
    provider_keys_forget_all()
    return made


def test_an_own_key_pays_and_no_budget_counts_it(alice: User, vendor: MeshServer, own: None) -> None:
    mine = key(alice, "meshy")
    assert order_to_the_end(mesh_job(alice, is_textured=False)).status == "succeeded"
    (call,) = ProviderCall.objects.all()
    assert (call.provider, call.provider_key_id, call.budget_month) == ("meshy", mine.pk, None)
    assert call.cost_micros == MICROS[PLAIN]
    assert vendor.headers[0]["authorization"] == f"Bearer {KEY}"


def test_it_buys_meshes_only_and_says_of_which_model(alice: User, own: None) -> None:
    key(alice, "meshy", model_name="meshy-5")
    assert [route.provider for route in routes_for(alice.pk)] == ["sandbox"]
    assert [(one.provider, one.model) for one in order_routes_for(alice.pk, "image")] == [
        ("sandbox", "sandbox")
    ]
    assert [one.model for one in order_routes_for(alice.pk, MESH, model="meshy-6")] == ["meshy-6"]
    # A model without a price isn't called, so the sandbox is what is left.
    assert [one.provider for one in order_routes_for(alice.pk, MESH)] == ["sandbox"]
    ProviderKey.objects.update(model_name="")
    provider_keys_forget_all()
    assert [one.model for one in order_routes_for(alice.pk, MESH)] == ["meshy-6", "sandbox"]


def test_a_key_is_verified_at_its_vendor(alice: User, client_for: Any, own: None) -> None:
    client = client_for(alice)

    def told(provider: str, api_key: str, **more: str) -> tuple[int, Any]:
        body = {"provider": provider, "api_key": api_key, **more}
        answer = client.post("/api/v1/api-keys/verify", body)
        data = answer.json()["data"]
        return answer.status_code, data["models"] if answer.status_code == 200 else data["code"]

    assert told("meshy", KEY) == (200, ["meshy-6"])
    assert told("tencent", SECRETS["tencent"]) == (200, ["hunyuan-3d-rapid"])
    assert told("meshy", "msy-wrong") == (422, "PROVIDER_KEY_REFUSED")
    assert told("tencent", "half-of-a-key") == (422, "PROVIDER_KEY_REFUSED")
    assert told("meshy", KEY, base_url="https://meshy.example") == (422, "VALIDATION_FAILED")


def test_no_key_is_written_down(
    alice: User,
    staff: User,
    vendor: MeshServer,
    own: None,
    enqueued: Enqueued,
    client_for: Callable[[User], APIClient],
    django_capture_on_commit_callbacks: Any,
) -> None:
    for provider in SECRETS:
        key(alice, provider)
    with listening() as heard, django_capture_on_commit_callbacks(execute=True):
        jobs = [
            order_to_the_end(
                mesh_job(alice, f"{PROMPT} [[server:{name}]]", model=model, is_textured=False), rounds=4
            )
            for name in TRIED
            for model in MODELS.values()
        ]
    assert {calls(job)[0].is_own_key for job in jobs} == {True}
    failed = {job.error_code: job for job in jobs if job.error_code}
    assert len(failed) == 3
    urls = ["/api/v1/jobs", "/api/v1/api-keys", *(f"/api/v1/jobs/{job.pk}" for job in jobs)]
    shown = [*failed.values(), *ProviderCall.objects.exclude(error_code="")[:3]]
    found = [
        *rows(), *answers(client_for(alice), urls), *pages(staff, *shown), *tasks(enqueued), *heard.texts(),
    ]  # fmt: skip
    assert MARKS.leaks(found) == []
