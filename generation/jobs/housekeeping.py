"""What beat asks for: clearing what nobody needs any more."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from generation.domain.states import TERMINAL, CallStatus, JobStatus
from generation.models import JobEvent, ProviderCall, WorkerHeartbeat

LIMIT = 1000
#: A bought answer is kept with its ledger row this long after its job has stored it.
RESULT_DAYS = 2


def clean_up() -> dict[str, int]:
    """Delete old heartbeats and old events of finished jobs; forget bought answers that are stored in place."""
    now = timezone.now()
    heartbeats, _ = WorkerHeartbeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()
    return {
        "heartbeats": heartbeats,
        "events": _delete_old_events(),
        "results": _forget_results(),
    }


def _delete_old_events() -> int:
    old = timezone.now() - timedelta(days=settings.JOB_RETENTION_DAYS)
    events = JobEvent.objects.filter(job__status__in=TERMINAL, job__finished_at__lt=old)
    ids = list(events.values_list("pk", flat=True)[:LIMIT])
    return JobEvent.objects.filter(pk__in=ids).delete()[0]


def _forget_results() -> int:
    old = timezone.now() - timedelta(days=RESULT_DAYS)
    stored = Q(status=CallStatus.SETTLED, job__status=JobStatus.SUCCEEDED, job__finished_at__lt=old)
    # What nobody could read is kept for staff as long as the job's events are.
    long_ago = timezone.now() - timedelta(days=settings.JOB_RETENTION_DAYS)
    unread = Q(status__in=[CallStatus.RELEASED, CallStatus.UNCERTAIN], updated_at__lt=long_ago)
    calls = ProviderCall.objects.filter(stored | unread, result__isnull=False)
    ids = list(calls.values_list("pk", flat=True)[:LIMIT])
    return ProviderCall.objects.filter(pk__in=ids).update(result=None)
