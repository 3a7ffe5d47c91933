"""Whatever a vendor of pictures says, the key that it was sent is written down nowhere."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from config.crypto import Secret
from generation.domain.catalogue import IMAGE
from generation.domain.states import JobStatus
from generation.models import Job, ProviderCall
from generation.providers import registry
from tests.conftest import Enqueued
from tests.generation.factories import order_to_the_end
from tests.generation.images.conftest import MODELS, PATHS
from tests.generation.images.orders import PROMPT, image_job
from tests.support.image_server import BEHAVIOURS, ImageServer
from tests.support.search import Marks, answers, listening, pages, rows, tasks

pytestmark = pytest.mark.django_db

KEY = "aQ7xZk2Mw-9_Rt.vHs4LpN8cJ_y-5.GdBf3WqT6uKe1YnX9owxyz"
MARKS = Marks(KEY)
#: What repeats the key, and what fails elsewhere.
TRIED = [*(name for name in BEHAVIOURS if name.startswith("echo")), "auth", "lost", "html", "no-picture"]


def keys_of_both(vendor: ImageServer, settings: Any, owner: User) -> None:
    """The operator's key and the owner's are the same, so that each is sent whoever pays."""
    providers = settings.PROVIDERS[IMAGE]
    for one in providers.values():
        one["options"]["api_key"] = KEY
    made_by = {
        name: {
            "provider": provider,
            "path": PATHS[provider],
            "model": MODELS[provider],
            **public(providers[provider]),
        }
        for name, provider in {"qwen": "aliyun", "siliconflow": "siliconflow"}.items()
    }
    settings.ORDER_VENDORS = {**settings.ORDER_VENDORS, IMAGE: made_by}
    ProviderKey.objects.create(owner=owner, provider="qwen", secret=Secret(KEY))
    provider_keys_forget_all()
    registry.reset()


def public(provider: dict[str, Any]) -> dict[str, str]:
    return {
        name: provider["options"][name] for name in ("base_url", "dialect") if name in provider["options"]
    }


def test_no_key_is_written_down(
    alice: User,
    staff: User,
    vendor: ImageServer,
    settings: Any,
    enqueued: Enqueued,
    client_for: Callable[[User], APIClient],
    django_capture_on_commit_callbacks: Any,
) -> None:
    keys_of_both(vendor, settings, alice)
    with listening() as heard, django_capture_on_commit_callbacks(execute=True):
        jobs = [
            order_to_the_end(image_job(alice, f"{PROMPT} [[server:{name}]]", model=model))
            for name in TRIED
            for model in MODELS.values()
        ]
    assert {header.get("authorization") for header in vendor.headers} == {f"Bearer {KEY}"}
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED, JobStatus.FAILED}
    assert ProviderCall.objects.filter(is_own_key=True).exists()
    owner = client_for(alice)
    urls = ["/api/v1/jobs", "/api/v1/api-keys", *(f"/api/v1/jobs/{job.pk}" for job in jobs)]
    told = [*failed(jobs), *ProviderCall.objects.exclude(error_code="")[:3]]
    found = [
        *rows(), *answers(owner, urls), *pages(staff, *told), *tasks(enqueued), *heard.texts(),
    ]  # fmt: skip
    assert MARKS.leaks(found) == []


def failed(jobs: list[Job]) -> list[Job]:
    """One of each error."""
    return list({job.error_code: job for job in jobs if job.error_code}.values())
