"""The states of a job and of a paid call, and the steps between them."""

from enum import StrEnum


class JobStatus(StrEnum):
    """`queued → running → succeeded | failed | cancelled`, `running ⇄ waiting`, `running|waiting → queued` (retry).

    `waiting` is a job whose provider works on it (it is polled), or a parent whose children run. A failed job can be
    replayed (`failed → queued`; a parent goes back to `waiting`).
    """

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.WAITING)
TERMINAL = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)


class CallStatus(StrEnum):
    """`reserved → sent → settled | released | uncertain`; a person or a look-up takes `uncertain` to one of the others.

    `sent` is written before the request leaves, so a row that is still `reserved` after a crash was never sent.
    """

    RESERVED = "reserved"
    SENT = "sent"
    SETTLED = "settled"
    RELEASED = "released"
    UNCERTAIN = "uncertain"


#: While a call is in one of these, nobody may buy the same step again.
CALL_HOLDS_STEP = (CallStatus.RESERVED, CallStatus.SENT, CallStatus.SETTLED)
#: What a call in one of these costs isn't known yet: its reservation stands.
CALL_OPEN = (CallStatus.RESERVED, CallStatus.SENT, CallStatus.UNCERTAIN)
