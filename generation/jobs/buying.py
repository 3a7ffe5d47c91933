"""What all purchases have in common: routes one after the other, the turn at the gateway, and the end of a call."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import structlog

from accounts.selectors.keys import provider_key_is_current, provider_keys_forget
from accounts.services.keys import OWN_ERRORS, key_refused, key_worked
from config.db import release_connection
from config.errors import SecretUnreadableError
from generation.jobs import gateway, ledger
from generation.jobs.attempts import Attempt, AttemptLostError
from generation.jobs.routes import BaseRoute
from generation.jobs.worker import this_worker
from generation.models import ProviderCall
from generation.providers.base import (
    ADDRESS_REFUSED,
    AUTH_FAILED,
    BAD_ANSWER,
    QUOTA_EXHAUSTED,
    UNAVAILABLE,
    ProviderError,
    Usage,
)
from generation.providers.limits import AcquireCancelledError
from generation.providers.llm.answer_text import storable

log = structlog.get_logger(__name__)

#: What an owner can only mend by changing the key: it is noted there.
KEY_FAULTS = frozenset({AUTH_FAILED, QUOTA_EXHAUSTED, ADDRESS_REFUSED})
#: How often a step may be charged for answers that are of no use before only a person may ask again.
MOST_IN_VAIN = 2
#: How often an owner's keys may change while a call is on its way.
MOST_CHANGES = 3

AnyRoute = TypeVar("AnyRoute", bound=BaseRoute)
Bought = TypeVar("Bought")


class NobodyLeftError(Exception):
    """All providers that could be asked are those that the handler left out."""


class KeyChangedError(Exception):
    """An own key was taken away or changed since its snapshot: nobody uses it."""


def buy_by_routes(
    attempt: Attempt,
    find_routes: Callable[[], Sequence[AnyRoute]],
    buy: Callable[[AnyRoute], Bought],
    *,
    is_begun: Callable[[], bool] = lambda: False,
) -> Bought:
    """What the first route brings; the next one is asked only when the one before certainly charged nothing, its error
    is of a class that another provider may not have, and nothing of the answer `is_begun`."""
    for _ in range(MOST_CHANGES):
        try:
            return _by_routes(find_routes(), buy, is_begun)
        except KeyChangedError:
            provider_keys_forget(attempt.job.owner_id)
    raise gateway.TurnMissedError(
        UNAVAILABLE, "The owner's keys change too often.", retryable=True, charged=False
    )


def _by_routes(
    routes: Sequence[AnyRoute], buy: Callable[[AnyRoute], Bought], is_begun: Callable[[], bool]
) -> Bought:
    if not routes:
        raise NobodyLeftError
    for route in routes:
        try:
            return buy(route)
        except ProviderError as error:
            if is_begun() or not error.allows_fallback or route is routes[-1]:
                raise as_the_owner_sees_it(route, error) from None
        except SecretUnreadableError:
            # The owner's own key can't be decrypted: an operator's fault that another way may make up for.
            log.error("provider_key.unreadable", key=str(route.key.pk) if route.key else "")
            if route is routes[-1]:
                raise
    raise AssertionError("there is always at least one route")


def as_the_owner_sees_it(route: BaseRoute, error: ProviderError) -> Exception:
    """The operator can't mend a key of the owner's own: what the vendor says of it is for the owner."""
    if route.key is None or error.code not in OWN_ERRORS:
        return error
    details = {"provider": route.provider, "key_id": str(route.key.pk), "last_four": route.key.last_four}
    return OWN_ERRORS[error.code](charged=error.charged, details=details)


@contextmanager
def passage(attempt: Attempt, route: BaseRoute) -> Iterator[None]:
    """Leave for one call, once it is this owner's turn; an own key is still the one that was found."""
    try:
        with gateway.passage(
            route.lane,
            owner=attempt.job.owner_id,
            timeout_s=attempt.entry.remaining_seconds / 2,
            is_cancelled=lambda: attempt.is_unwanted() or this_worker().is_leaving,
        ):
            if route.key is not None and not provider_key_is_current(route.key):
                raise KeyChangedError
            yield
    except AcquireCancelledError:
        attempt.check()
        attempt.stay()
        raise AttemptLostError from None


def send(
    call: ProviderCall, ask: Callable[[], Bought], *, route: BaseRoute | None, cost: Callable[[Usage], int]
) -> Bought:
    """Send what was reserved. What fails is closed by what is known of it: free, charged, or nobody can tell.

    `cost` says what tokens that were charged for a useless answer cost.
    """
    if not ledger.mark_sent(call):
        raise AttemptLostError
    release_connection()
    try:
        return ask()
    except ProviderError as error:
        close_failed(call, error, cost)
        if route is not None and route.key is not None and error.code in KEY_FAULTS:
            key_refused(route.key.pk, error.code, secret=route.key.secret)
        raise
    except BaseException:
        # Of a call that somebody has closed already this says nothing.
        ledger.mark_uncertain(call, code="JOB_INTERNAL_ERROR")
        raise


def close_failed(call: ProviderCall, error: ProviderError, cost: Callable[[Usage], int]) -> None:
    """The end of a call that brought no answer; an order that has an id stays open to be looked up."""
    if error.charged is False:
        ledger.release(call, code=error.code)
        return
    if error.charged is None and error.provider_ref and call.capability != ledger.TEXT:
        ledger.mark_accepted(call, error.provider_ref)
        return
    if error.raw:
        ledger.keep_unread(call, storable(error.raw))
    if error.charged:
        usage = error.usage or Usage()
        ledger.settle_useless(call, micros=cost(usage), usage=usage, code=error.code)
    else:
        ledger.mark_uncertain(call, code=error.code)
    is_unread = error.code == BAD_ANSWER and error.charged is None
    if is_unread or error.charged and ledger.paid_in_vain(call) >= MOST_IN_VAIN:
        # It was answered: the same question would bring the same answer, at a price.
        error.retryable = False


def note_key_worked(route: BaseRoute) -> None:
    if route.key is not None and route.key.error_code:
        key_worked(route.key.pk)
