"""Rows of the engine for the guards."""

from datetime import timedelta

from django.utils import timezone

from accounts.domain.files import owner_prefix
from accounts.models import User
from generation.domain.states import CallStatus, JobStatus
from generation.models import (
    CatalogueModel,
    ImageRequest,
    Job,
    JobEvent,
    ModelPrice,
    ProviderCall,
    RequestImage,
    StoredFile,
    Thumbnail,
    Upload,
    WorkerHeartbeat,
)
from tests.support.rows import Maker, another

ERROR = {
    "code": "PROVIDER_TIMEOUT",
    "message": "Late.",
    "message_zh": "超时。",
    "retryable": True,
    "charged": None,
}


def job(n: int, owner: User) -> Job:
    return Job.objects.create(
        owner=owner, kind="test.text", status=JobStatus.FAILED, finished_at=timezone.now(), error=ERROR,
        error_code=ERROR["code"], event_seq=1, output={"文": n},
    )  # fmt: skip


def event(n: int, owner: User) -> JobEvent:
    return JobEvent.objects.create(
        job=another("generation.Job", owner), seq=1, type="failed", data={"error": ERROR}
    )


def call(n: int, owner: User) -> ProviderCall:
    return ProviderCall.objects.create(
        owner=owner, job=another("generation.Job", owner), step="text", feature="test", capability="llm",
        provider="deepseek", status=CallStatus.UNCERTAIN, reserved_micros=5280,
    )  # fmt: skip


def file(n: int, owner: User) -> StoredFile:
    key = f"{owner_prefix(owner.pk)}{n:032x}"
    return StoredFile.objects.create(
        owner=owner, key=key, name=f"茶馆 {n}.png", media_type="image/png", size=n, sha256="0" * 64, width=1, height=1
    )  # fmt: skip


def thumbnail(n: int, owner: User) -> Thumbnail:
    key = f"{owner_prefix(owner.pk)}{n:032x}{n:032x}"
    one = another("generation.StoredFile", owner)
    return Thumbnail.objects.create(file=one, edge=256, key=key, width=256, height=n + 1, size=n + 1)


def upload(n: int, owner: User) -> Upload:
    return Upload.objects.create(
        owner=owner,
        name=f"茶杯 {n}.stl",
        size=n + 1,
        part_bytes=n + 1,
        expires_at=timezone.now() + timedelta(days=1),
    )


def image(n: int, owner: User) -> RequestImage:
    """The first of a request, made and selected, by whose number addresses name it."""
    parent, child = another("generation.Job", owner), another("generation.Job", owner)
    request = ImageRequest.objects.create(
        id=parent.pk, owner=owner, job=parent, prompt=f"茶馆 {n} <script>alert(1)</script>", count=1, seed=n,
        prompts_error=ERROR,
    )  # fmt: skip
    made = RequestImage.objects.create(
        id=child.pk, request=request, job=child, position=1, style="cartoon", prompt="茶馆", seed=n,
        file=another("generation.StoredFile", owner), provider="sandbox",
    )  # fmt: skip
    ImageRequest.objects.filter(pk=request.pk).update(selected=made, selected_at=timezone.now())
    return made


def price(n: int, owner: User) -> ModelPrice:
    model = CatalogueModel.objects.create(provider="deepseek", name=f"茶-{n}", ends_at=timezone.now())
    return ModelPrice.objects.create(
        model=model,
        version=f"v{n}",
        valid_from=timezone.now(),
        input_micros=280_000,
        output_micros=420_000,
    )


def worker(n: int, owner: User) -> WorkerHeartbeat:
    now = timezone.now()
    seen = now - timedelta(hours=n % 2)
    return WorkerHeartbeat.objects.create(
        id=f"w{n}", queues="agent_builds", host="茶", pid=n, started_at=now, seen_at=seen
    )


MAKERS: dict[str, Maker] = {
    "generation.CatalogueModel": lambda n, owner: price(n, owner).model,
    "generation.ImageRequest": lambda n, owner: image(n, owner).request,
    "generation.Job": job,
    "generation.JobEvent": event,
    "generation.ModelPrice": price,
    "generation.ProviderCall": call,
    "generation.RequestImage": image,
    "generation.StoredFile": file,
    "generation.Thumbnail": thumbnail,
    "generation.Upload": upload,
    "generation.WorkerHeartbeat": worker,
}
