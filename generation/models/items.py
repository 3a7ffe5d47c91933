"""The words for what becomes of the items of a job."""

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import pgettext_lazy

from generation.domain.states import JobStatus


class ItemState(models.TextChoices):
    """What became of one item of a job. Those of a job always sum to its total."""

    PENDING = "pending", pgettext_lazy("status", "pending")
    RUNNING = "running", pgettext_lazy("status", "running")
    SUCCEEDED = "succeeded", pgettext_lazy("status", "succeeded")
    SKIPPED = "skipped", pgettext_lazy("status", "skipped")
    FAILED = "failed", pgettext_lazy("status", "failed")
    CANCELLED = "cancelled", pgettext_lazy("status", "cancelled")


#: What the status of an item's own job means for the item, unless it was skipped.
ITEM_STATE_OF = {
    JobStatus.QUEUED: ItemState.PENDING,
    JobStatus.RUNNING: ItemState.RUNNING,
    JobStatus.WAITING: ItemState.RUNNING,
    JobStatus.SUCCEEDED: ItemState.SUCCEEDED,
    JobStatus.FAILED: ItemState.FAILED,
    JobStatus.CANCELLED: ItemState.CANCELLED,
}
ITEM_UNFINISHED = (ItemState.PENDING, ItemState.RUNNING)


def item_conditions(job: str = "job", reason: str = "skip_reason") -> dict[ItemState, Q]:
    """Conditions on rows with a foreign key `job`, and a `reason` that isn't empty for those that were skipped: before
    they had a job (NULL), or by it. Each row fulfils exactly one. Where nothing is skipped there is no `reason`."""
    statuses = {
        state: [status.value for status, one in ITEM_STATE_OF.items() if one is state] for state in ItemState
    }
    unskipped = {reason: ""} if reason else {}
    return {
        state: Q(**{f"{job}__status__in": words}, **unskipped) if words else ~Q(**unskipped)
        for state, words in statuses.items()
        if words or reason
    }


def item_state(job: str = "job", reason: str = "skip_reason") -> Case:
    """The item's state, read from its job, so that both can't disagree."""
    conditions = item_conditions(job, reason)
    return Case(
        *(When(condition, then=Value(state.value)) for state, condition in conditions.items()),
        output_field=models.CharField(),
    )
