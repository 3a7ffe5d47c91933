"""States in the words and colours of the admin."""

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from config.admin.cells import badge
from generation.domain.states import CallStatus, JobStatus
from generation.models import Job, ProviderCall

JOB_WORDS: dict[str, Any] = {
    JobStatus.QUEUED: pgettext_lazy("status", "queued"),
    JobStatus.RUNNING: pgettext_lazy("status", "running"),
    JobStatus.WAITING: pgettext_lazy("status", "waiting"),
    JobStatus.SUCCEEDED: pgettext_lazy("status", "succeeded"),
    JobStatus.FAILED: pgettext_lazy("status", "failed"),
    JobStatus.CANCELLED: pgettext_lazy("status", "cancelled"),
    "paused": pgettext_lazy("status", "paused"),
}
JOB_COLOURS = {
    "queued": "info",
    "running": "primary",
    "waiting": "primary",
    "succeeded": "success",
    "failed": "danger",
    "paused": "warning",
}
CALL_WORDS: dict[str, Any] = {
    CallStatus.UNCERTAIN: pgettext_lazy("status", "uncertain"),
    CallStatus.SENT: pgettext_lazy("status", "sent"),
    CallStatus.RESERVED: pgettext_lazy("status", "reserved"),
    CallStatus.SETTLED: pgettext_lazy("status", "settled"),
    CallStatus.RELEASED: pgettext_lazy("status", "released"),
}
CALL_COLOURS = {
    "uncertain": "danger",
    "sent": "primary",
    "reserved": "info",
    "settled": "success",
}


def job_badge(job: Job) -> SafeString:
    is_paused = job.paused_at is not None and not job.is_terminal
    shown = "paused" if is_paused else job.status
    return badge(JOB_WORDS.get(shown, shown), JOB_COLOURS.get(shown, ""))


def call_badge(call: ProviderCall) -> SafeString:
    return badge(CALL_WORDS.get(call.status, call.status), CALL_COLOURS.get(call.status, ""))
