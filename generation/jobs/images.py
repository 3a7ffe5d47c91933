"""Buying pictures: once per step, at once or as a task of the vendor's that is looked up until it has an end.

What was made is written into the ledger with what it cost, the file itself where the vendor sends it, so that a failed
storing never makes it again. What an order cost is what was set aside for it: pictures are priced one by one.
"""

import dataclasses
from functools import partial

import msgspec
from django.conf import settings

from config.db import release_connection
from generation.domain.catalogue import IMAGE
from generation.domain.states import CallStatus
from generation.errors import CallInFlightError
from generation.jobs import ledger
from generation.jobs.attempts import LEAST_SECONDS, Attempt
from generation.jobs.buying import buy_by_routes, close_failed, note_key_worked, passage, send
from generation.jobs.image_routes import ImageRoute, image_routes_for
from generation.jobs.registry import Waiting
from generation.models import Job, ProviderCall
from generation.providers import registry
from generation.providers.base import ProviderError, Usage
from generation.providers.image.base import ImageAnswer, ImageMaker, ImageOrder
from generation.providers.image.download import download
from generation.providers.llm.answer_text import storable

#: How long a vendor's task is left alone between two looks at it.
POLL_SECONDS = 5.0


def buy(attempt: Attempt, step: str, order: ImageOrder, *, feature: str) -> ImageAnswer | Waiting:
    """Buy a picture, or go on with the one that this step has ordered: `Waiting` while its vendor works on it.

    The next provider is asked only when the one before certainly charged nothing. Raises `ProviderError`,
    `ProviderKeyRefusedError`, `ProviderKeyNoCreditError`, `CallUncertainError`, `CallInFlightError`,
    `BudgetExceededError`, `PriceMissingError`, `ModelUnknownError`, `ModelEndedError`, `ModelUnavailableError`,
    `JobCancelledError`, `AttemptLostError`.
    """
    attempt.check()
    done = ledger.settled(attempt.job, step)
    if done is not None:
        return msgspec.convert(done.result, type=ImageAnswer)
    placed = ProviderCall.objects.filter(job_id=attempt.job.pk, step=step, status=CallStatus.SENT).first()
    if placed is not None:
        if not placed.provider_ref:
            raise CallInFlightError(step=step)
        return _look_up(placed)
    ledger.may_buy(attempt.job, step, capability=IMAGE)
    attempt.stay()
    job = attempt.job
    return buy_by_routes(
        attempt,
        partial(image_routes_for, job.owner_id, model=order.model, is_test=job.is_test, since=job.created_at),
        partial(_buy_by, attempt=attempt, step=step, order=order, feature=feature),
    )


def _buy_by(
    route: ImageRoute, *, attempt: Attempt, step: str, order: ImageOrder, feature: str
) -> ImageAnswer | Waiting:
    maker = route.maker()
    micros = route.cost(order)
    with passage(attempt, route):
        left = max(LEAST_SECONDS, attempt.entry.remaining_seconds * 0.9)
        order = dataclasses.replace(
            order,
            model=route.model or None,
            request_key=f"{attempt.job.pk}:{step}",
            attempt=attempt.job.failures + 1,
            timeout_s=min(order.timeout_s, left),
        )
        call = ledger.reserve(
            attempt.job, step, feature=feature, capability=IMAGE, provider=route.provider, model=route.model,
            micros=micros, price_version=route.price.version, is_test=route.is_test, key=route.key,
        )  # fmt: skip
        answer = send(call, partial(maker.order, order), route=route, cost=lambda _usage: micros)
    note_key_worked(route)
    return _go_on(call, answer)


def _go_on(call: ProviderCall, answer: ImageAnswer) -> ImageAnswer | Waiting:
    """Write down what the vendor says of the order."""
    if not answer.is_done:
        ledger.mark_accepted(call, answer.provider_ref)
        return Waiting(call.provider, answer.provider_ref, poll_after=POLL_SECONDS)
    answer = dataclasses.replace(answer, revised_prompt=storable(answer.revised_prompt))
    ledger.settle(
        call,
        micros=call.reserved_micros,
        usage=Usage(),
        result=msgspec.to_builtins(answer),
        provider_ref=answer.provider_ref,
        answered_model=answer.model,
    )
    return answer


def _look_up(call: ProviderCall) -> ImageAnswer | Waiting:
    release_connection()
    outcome = _maker_of(call).look_up([call.provider_ref]).get(call.provider_ref)
    if outcome is None:
        return Waiting(call.provider, call.provider_ref, poll_after=POLL_SECONDS)
    if isinstance(outcome, ProviderError):
        close_failed(call, outcome, lambda _usage: call.reserved_micros)
        raise outcome
    return _go_on(call, outcome)


def _maker_of(call: ProviderCall) -> ImageMaker:
    return registry.get_image(call.provider)


def fetch(job: Job, answer: ImageAnswer) -> bytes:
    """The picture of a done answer, copied from the vendor if it is a link. Nobody has looked at it yet.

    Raises `ProviderError`, always charged: a link that can't be read now is tried again.
    """
    if answer.picture is None:
        raise ValueError("Nothing is done yet.")
    release_connection()
    return answer.picture.data or download(
        answer.picture.url, provider=answer.provider, most_bytes=settings.FILE_MAX_BYTES
    )
