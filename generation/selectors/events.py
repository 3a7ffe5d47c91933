"""What is new behind a cursor: the hub's reader."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from config.api.renderers import to_json
from config.errors import spoken
from generation.domain import sse
from generation.domain.news import JobNews, StreamEvent
from generation.models import Job, JobEvent

#: Events that one round of a stream takes from a job; what is left comes in the next one at once.
EVENTS_AT_ONCE = 200
#: Conditions that one statement carries (SQLite's expressions are at most a thousand deep).
CHUNK = 100


def event_news(cursors: Mapping[UUID, int]) -> dict[UUID, JobNews]:
    """What lies behind each job's cursor. A job that doesn't exist is left out."""
    # First how far the jobs are, then the events up to there: each number has its row by then, as both commit together.
    heads: dict[UUID, tuple[int, str]] = {}
    for ids in _chunks(list(cursors)):
        rows = Job.objects.filter(pk__in=ids).values_list("pk", "event_seq", "status")
        heads |= {pk: (last_seq, status) for pk, last_seq, status in rows}
    spans = {
        pk: (cursors[pk], min(last_seq, cursors[pk] + EVENTS_AT_ONCE))
        for pk, (last_seq, _) in heads.items()
        if last_seq > cursors[pk]
    }
    events = _events_between(spans)
    return {
        pk: JobNews(tuple(events.get(pk, ())), spans[pk][1] if pk in spans else cursors[pk], last_seq, status)
        for pk, (last_seq, status) in heads.items()
    }


def _events_between(spans: Mapping[UUID, tuple[int, int]]) -> dict[UUID, list[StreamEvent]]:
    events: dict[UUID, list[StreamEvent]] = {}
    for ids in _chunks(list(spans)):
        wanted = Q()
        for pk in ids:
            wanted |= Q(job_id=pk, seq__gt=spans[pk][0], seq__lte=spans[pk][1])
        rows = JobEvent.objects.filter(wanted).order_by("job_id", "seq")
        for pk, seq, kind, data, created_at in rows.values_list(
            "job_id", "seq", "type", "data", "created_at"
        ):
            events.setdefault(pk, []).append(_stream_event(seq, kind, data, created_at))
    return events


def _stream_event(seq: int, kind: str, data: Any, created_at: datetime) -> StreamEvent:
    """The same object that polling shows."""

    def chunk(shown: Any) -> bytes:
        told = {"seq": seq, "type": kind, "data": shown, "created_at": created_at}
        return sse.event(kind, to_json(told), number=seq)

    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(error, dict):
        return StreamEvent(seq, chunk(data))
    english, chinese = (chunk({**data, "error": spoken(error, language)}) for language in ("en", "zh"))
    return StreamEvent(seq, english, chinese)


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
