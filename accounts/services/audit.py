"""Where the audit of staff is kept. Entries are only ever added."""

from collections.abc import Sequence

from accounts.models import AuditEntry
from config.api import origin
from config.audit import Entry

ROWS_AT_ONCE = 500
ACTION_LENGTH = 60


def audit_record(entries: Sequence[Entry]) -> None:
    """Write the entries down, with where they came from. What `config.audit` was told to call."""
    came = origin.current()
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                actor_id=entry.actor_id,
                actor_name=entry.actor_name,
                action=entry.action[:ACTION_LENGTH],
                object_type=entry.object_type,
                object_id=entry.object_id,
                object_name=entry.object_name,
                changes=dict(entry.changes),
                ip_address=came.ip_address,
                request_id=came.request_id,
            )
            for entry in entries
        ],
        batch_size=ROWS_AT_ONCE,
    )
