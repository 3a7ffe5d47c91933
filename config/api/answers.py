"""What a view may return besides plain data: an answer with its own status, place or version."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

#: The route of a job, wherever the app that owns jobs has put it.
JOB_ROUTE = "job"


class Answer:
    """Data with a status and headers. Plain data (dict, list, None, a page of the list machine) means 200."""

    def __init__(
        self, data: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.data = data
        self.status = status
        self.headers = dict(headers or {})


class Detail(Answer):
    """One thing, with a strong ETag: `etag` when the caller knows one, else computed from the body.

    GET and HEAD answer 304 when the caller already has it.
    """

    def __init__(self, data: Any, *, etag: str | None = None) -> None:
        super().__init__(data)
        self.etag = etag


class Created(Answer):
    """201: something was made; `location` is its address."""

    def __init__(self, data: Any, location: str | None = None) -> None:
        super().__init__(data, status=201, headers={"Location": location} if location else None)


class Accepted(Answer):
    """202: a job will do it. With `?wait=SECONDS` the view's base waits for it after the transaction has ended."""

    def __init__(self, data: Any, *, job_id: UUID | str) -> None:
        super().__init__(data, status=202, headers={"Location": reverse(JOB_ROUTE, args=[job_id])})
        self.job_id = str(job_id)


class NoContent(Answer):
    """204: done, and there is nothing to say."""

    def __init__(self) -> None:
        super().__init__(status=204)
