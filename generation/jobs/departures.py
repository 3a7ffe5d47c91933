"""When an account goes: what still works for it lets go."""

from uuid import UUID

from django.utils import timezone

from generation.models import Job


def jobs_stop(owner_id: UUID) -> None:
    """Take the account's unfinished jobs away from whoever works on them. Call it in the transaction that deletes them.

    A worker that is writing to one of them ends first; one that comes later waits for that transaction, finds no job
    any more, and drops what it has.
    """
    Job.objects.owned_by(owner_id).active().update(cancel_requested_at=timezone.now())
