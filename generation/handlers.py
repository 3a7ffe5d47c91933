"""What it means to make pictures of a sentence."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import orjson
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.errors import BudgetExceededError
from config.errors import AppError
from config.files.content import Content, content_of
from config.files.errors import FileTypeRefusedError
from config.files.types import PICTURES
from generation.domain.image_prompts import PromptsTask, plain_prompts, usable
from generation.errors import (
    CallInFlightError,
    JobCancelledError,
    JobTimeoutError,
    PictureUnusableError,
    PromptsUnusableError,
    RequestGoneError,
)
from generation.jobs import ledger
from generation.jobs.failures import describe_error
from generation.jobs.gateway import TurnMissedError
from generation.jobs.registry import JobKind, NoInput, WaitForChildren, Waiting
from generation.jobs.run import JobRun
from generation.jobs.texts import text_order
from generation.models import ImageRequest, Job, ProviderCall, RequestImage
from generation.providers import registry
from generation.providers.base import UNAVAILABLE, ProviderError
from generation.providers.llm.base import ChatRequest
from generation.providers.llm.sandbox import inputs_in
from generation.selectors.requests import image_job_titles, request_job_titles
from generation.services.files import object_kept
from generation.services.request_quotes import PROMPTS, image_order, prompts_request
from generation.services.requests import (
    IMAGE_KIND,
    REQUEST_KIND,
    MadeImage,
    image_end,
    image_store,
    images_begin,
)
from generation.services.thumbnails import thumbnails_make

#: The sandbox's magic input for prompts that nobody writes.
NO_PROMPTS = "[[sandbox:no-prompts]]"
#: What ends or delays the request itself, whatever the text model does.
NOT_THE_MODELS_FAULT = (
    *(BudgetExceededError, CallInFlightError, JobCancelledError, JobTimeoutError, TurnMissedError),
)


def run_request(run: JobRun) -> WaitForChildren:
    """Have the prompts written, and begin the pictures. Where that fails, all are made of the original prompt."""
    request = ImageRequest.objects.filter(pk=run.job.pk).first()
    if request is None:
        raise RequestGoneError
    if not request.images.exists():
        prompts, error = [request.prompt] * request.count, None
        if request.is_optimized:
            try:
                prompts = _styled_prompts(run, request)
            except NOT_THE_MODELS_FAULT:
                raise
            except (AppError, ProviderError) as exc:
                error = describe_error(exc, charged=exc.charged)
        images_begin(job=run.job, prompts=prompts, error=error)
    return WaitForChildren()


def _styled_prompts(run: JobRun, request: ImageRequest) -> list[str]:
    asked = prompts_request(request.prompt, style=request.style, count=request.count)
    task: PromptsTask = asked.context["task"]
    with text_order(run, feature=PROMPTS, language=task.language, made_from=(request.prompt,)) as order:
        prompts = usable(order.data("prompts", asked, task.schema).value["prompts"])
        if prompts is None:
            raise PromptsUnusableError(charged=True)
    return prompts


def run_image(run: JobRun) -> MadeImage | Waiting:
    """Buy a picture, or go on waiting for it; look at what came as at any upload, and put it into the storage."""
    image = RequestImage.objects.select_related("request").filter(pk=run.job.pk).first()
    if image is None:
        raise RequestGoneError
    request = image.request
    order = image_order(
        image.prompt,
        size=request.size,
        quality=request.quality,
        model=request.model,
        negative_prompt=request.negative_prompt,
        style=image.style,
        seed=image.seed,
    )
    step = _step(run.job)
    answer = run.image(step, order, feature=IMAGE_KIND)
    if isinstance(answer, Waiting):
        return answer
    with _turned_down(run.job, step):
        source = io.BytesIO(run.picture(answer))
        content = _picture_in(source)
    owner_id = run.job.owner_id
    with object_kept(owner_id=owner_id, source=source, content=content) as stored:
        thumbnails = thumbnails_make(owner_id=owner_id, source=source)
    seed = answer.picture.seed if answer.picture else None
    return MadeImage(
        stored=stored,
        thumbnails=thumbnails,
        provider=answer.provider,
        model=answer.model,
        seed=image.seed if seed is None else seed,
        is_procedural=answer.provider == registry.SANDBOX,
    )


def _step(job: Job) -> str:
    """Another one after each picture that was paid for and was of no use."""
    in_vain = ProviderCall.objects.filter(job_id=job.pk).exclude(rejected_code="").count()
    return f"image-{in_vain + 1}"


@contextmanager
def _turned_down(job: Job, step: str) -> Iterator[None]:
    """What can't be used and won't get better is bought anew when a person asks for it."""
    try:
        yield
    except (PictureUnusableError, ProviderError) as exc:
        if not exc.retryable:
            ledger.turn_down(job, step, code=exc.code)
        raise


def _picture_in(source: BinaryIO) -> Content:
    """A vendor's word for it isn't enough. Raises `PictureUnusableError`."""
    try:
        content = content_of(source, most_bytes=settings.FILE_MAX_BYTES, most_pixels=settings.FILE_MAX_PIXELS)
    except AppError as exc:
        raise PictureUnusableError(charged=True, details={"cause": exc.code}) from exc
    if content.media_type not in PICTURES:
        raise PictureUnusableError(charged=True, details={"cause": FileTypeRefusedError.code})
    return content


def store_image(job: Job, made: MadeImage) -> dict[str, Any]:
    return image_store(job=job, made=made)


KINDS = (
    JobKind(
        name=REQUEST_KIND,
        input=NoInput,
        run=run_request,
        title=_("image request"),
        titles=request_job_titles,
    ),
    JobKind(
        name=IMAGE_KIND,
        input=NoInput,
        run=run_image,
        store=store_image,
        end=image_end,
        title=_("picture of a request"),
        titles=image_job_titles,
        words={"request_id": _("image request"), "file_id": _("file")},
        links={"request_id": "generation.imagerequest", "file_id": "generation.storedfile"},
    ),
)


def _answer_prompts(request: ChatRequest) -> str:
    """Prompts that rules write, each with the sentence's magic inputs, which are for the pictures."""
    task: PromptsTask = request.context["task"]
    inputs = inputs_in(request.context["prompt"])
    if NO_PROMPTS in inputs:
        message = "The sandbox plays a text model that is away."
        raise ProviderError(UNAVAILABLE, message, retryable=True, charged=False, provider=registry.SANDBOX)
    return orjson.dumps({"prompts": [prompt + inputs for prompt in plain_prompts(task)]}).decode()


#: What the sandbox answers to each kind of request.
SANDBOX_ANSWERS = {PROMPTS: _answer_prompts}
