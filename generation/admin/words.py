"""States in the words and colours of the back office."""

from typing import Any

from django.utils.translation import pgettext_lazy

from generation.domain.states import CallStatus, JobStatus

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


def job_label(status: str, *, is_paused: bool = False) -> tuple[str, str]:
    """A job's state and its word, as unfold's labels take them."""
    shown = "paused" if is_paused else status
    return shown, str(JOB_WORDS.get(shown, shown))


def call_label(status: str) -> tuple[str, str]:
    return status, str(CALL_WORDS.get(status, status))
