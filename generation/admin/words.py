"""States in the words and colours of the admin."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.admin.cells import badge
from generation.domain.states import CallStatus, JobStatus
from generation.models import Job, ProviderCall
from generation.models.items import ItemState

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
EVENT_WORDS: dict[str, Any] = {
    "queued": pgettext_lazy("status", "queued"),
    "started": pgettext_lazy("event", "started"),
    "progress": pgettext_lazy("event", "progress"),
    "waiting": pgettext_lazy("status", "waiting"),
    "later": pgettext_lazy("event", "put off"),
    "retrying": pgettext_lazy("event", "failed, is tried again"),
    "replayed": pgettext_lazy("event", "retried by a person"),
    "paused": pgettext_lazy("status", "paused"),
    "resumed": pgettext_lazy("event", "resumed"),
    "cancel_requested": pgettext_lazy("event", "asked to cancel"),
    "cancelled": pgettext_lazy("status", "cancelled"),
    "succeeded": pgettext_lazy("status", "succeeded"),
    "failed": pgettext_lazy("status", "failed"),
}
#: What fields of events and of kinds that have no words of their own are called.
FIELD_WORDS: dict[str, Any] = {
    "percent": pgettext_lazy("event", "percent"),
    "message": pgettext_lazy("event", "message"),
    "message_zh": pgettext_lazy("event", "message (Chinese)"),
    "attempt": pgettext_lazy("event", "attempt"),
    "worker": pgettext_lazy("event", "worker"),
    "error": pgettext_lazy("event", "error"),
    "code": pgettext_lazy("event", "code"),
    "retryable": pgettext_lazy("event", "can be retried"),
    "charged": pgettext_lazy("event", "charged"),
    "reason": pgettext_lazy("event", "reason"),
    "total": pgettext_lazy("event", "total"),
    "not_before": pgettext_lazy("event", "not before"),
    "provider": pgettext_lazy("event", "provider"),
    "provider_ref": pgettext_lazy("event", "provider's id"),
    "output": pgettext_lazy("event", "output"),
    "counts": pgettext_lazy("event", "counts"),
    "for": pgettext_lazy("event", "waits for"),
    "children": pgettext_lazy("event", "its items"),
    **dict(ItemState.choices),
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
    """With a mark on calls that no money was at stake in."""
    state = badge(CALL_WORDS.get(call.status, call.status), CALL_COLOURS.get(call.status, ""))
    return format_html("{} {}", state, badge(_("sandbox"), "info")) if call.is_test else state
