"""`Idempotency-Key`: the effect of a POST happens once, and whoever asks again gets the first answer.

1. `claim` writes a row `running` and commits it: a second request with the key sees it at once.
2. The view's work and `keep` (the answer, `done`) commit in one transaction: there is never an effect without its
   kept answer, nor an answer without its effect. A process that dies leaves a lock that runs out.
3. A failed request changed nothing, so `release` forgets the row and the key may be used again.

The row's id is the fencing token: a request so slow that its lock ran out and was taken over finds its row gone in
`keep`, and is rolled back.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from config.errors import (
    IdempotencyInProgressError,
    IdempotencyKeyInvalidError,
    IdempotencyKeyReusedError,
)
from config.models import IdempotencyRecord

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
ACCEPTABLE = re.compile(r"[\x21-\x7e]{1,255}")
LOCK = timedelta(seconds=60)
KEPT = timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
#: How long is waited for does not change what is asked for, so a retry may wait differently.
NOT_PART_OF_REQUEST = frozenset({"wait"})
ROUTE_LENGTH = 255

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer, as it was."""

    status: int
    headers: dict[str, str]
    body: bytes
    job_id: UUID | None

    def response(self) -> HttpResponse:
        return HttpResponse(self.body, status=self.status, headers={**self.headers, REPLAYED: "true"})


def key_of(request: Request) -> str | None:
    """The caller's key. Raises IdempotencyKeyInvalidError."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not ACCEPTABLE.fullmatch(key):
        raise IdempotencyKeyInvalidError
    return key


def route_of(request: Request) -> str:
    route = f"{request.method} {request.path}"
    return route if len(route) <= ROUTE_LENGTH else hashlib.sha256(route.encode()).hexdigest()


def fingerprint(request: Request) -> str:
    """A hash of what is asked for: query and body, whatever the order of its keys; files by their content.

    A test token asks for something else than a live one: neither may get the answer that the other one got.
    """
    caller: Any = request.user
    digest = hashlib.sha256(b"test" if caller.is_test else b"")
    query = sorted((k, v) for k, v in request.query_params.lists() if k not in NOT_PART_OF_REQUEST)
    digest.update(orjson.dumps(query))
    files = getattr(request, "FILES", None)
    if files:
        for name, uploads in sorted(files.lists()):
            for upload in uploads:
                digest.update(orjson.dumps([name, upload.name, upload.size]))
                for chunk in upload.chunks():
                    digest.update(chunk)
                upload.seek(0)
        form: Any = request.data
        fields: Any = sorted((k, v) for k, v in form.lists() if k not in files)
    else:
        fields = request.data
    if isinstance(fields, bytes):  # a file
        digest.update(fields)
        return digest.hexdigest()
    digest.update(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()


def claim(*, owner_id: UUID, key: str, route: str, request_hash: str) -> Claim | Kept:
    """The right to do the work, or the answer when it has been done.

    Raises IdempotencyKeyReusedError for another request under the same key and IdempotencyInProgressError while
    the first is still being answered. Call it outside of a transaction.
    """
    for _attempt in range(3):
        now = timezone.now()
        # Looked up first: on SQLite an INSERT would wait for the first request to end instead of hearing of it.
        found = IdempotencyRecord.objects.filter(owner_id=owner_id, key=key, route=route).first()
        if found is not None and found.is_over(now, KEPT):
            _forget(found)
        elif found is not None:
            return _answer_of(found, request_hash, now)
        try:
            with transaction.atomic():
                mine = IdempotencyRecord.objects.create(
                    owner_id=owner_id,
                    key=key,
                    route=route,
                    request_hash=request_hash,
                    locked_until=now + LOCK,
                )
            return Claim(mine.pk)
        except IntegrityError:  # somebody else was faster: look again
            continue
    raise IdempotencyInProgressError(retry_after=1)


def _forget(over: IdempotencyRecord) -> None:
    """Delete it unless it has changed hands meanwhile."""
    IdempotencyRecord.objects.filter(pk=over.pk, status=over.status, locked_until=over.locked_until).delete()


def _answer_of(found: IdempotencyRecord, request_hash: str, now: datetime) -> Kept:
    if found.request_hash != request_hash:
        raise IdempotencyKeyReusedError
    if found.status != IdempotencyRecord.Status.DONE:
        raise IdempotencyInProgressError(retry_after=min(2.0, (found.locked_until - now).total_seconds()))
    body = bytes(found.response_body or b"")
    return Kept(found.response_status or 200, found.response_headers, body, found.job_id)


def keep(claimed: Claim, response: HttpResponse, job_id: str | None = None) -> None:
    """Store the answer. Call it in the transaction of the work itself.

    Raises IdempotencyInProgressError, which must roll that transaction back, when the lock ran out and somebody
    else does the work.
    """
    kept = IdempotencyRecord.objects.filter(pk=claimed.id, status=IdempotencyRecord.Status.RUNNING).update(
        status=IdempotencyRecord.Status.DONE,
        response_status=response.status_code,
        response_headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
        response_body=response.content,
        job_id=job_id,
    )
    if not kept:
        raise IdempotencyInProgressError(retry_after=1)


def release(claimed: Claim) -> None:
    """Forget a request that failed. When even that fails, the lock runs out by itself."""
    try:
        IdempotencyRecord.objects.filter(pk=claimed.id, status=IdempotencyRecord.Status.RUNNING).delete()
    except DatabaseError as exc:
        log.warning("idempotency.not_released", error=type(exc).__name__)


def clean_up() -> int:
    """Delete what is older than 24 hours; returns how many rows."""
    deleted, _ = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return deleted
