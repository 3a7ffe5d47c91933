"""The admin: what every page of it is made of, and the pages of the kernel's own rows."""

from config.admin.idempotency import IdempotencyRecordAdmin

__all__ = ["IdempotencyRecordAdmin"]
