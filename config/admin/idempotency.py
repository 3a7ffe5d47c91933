"""Kept answers of idempotent requests in the admin."""

from django.contrib import admin

from config.admin.base import ReadOnlyAdmin
from config.models import IdempotencyRecord


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Without the answers themselves: they belong to their owners."""

    list_display = ("key", "route", "owner", "status", "response_status", "created_at")
    list_filter = ("status", "created_at")
    list_select_related = ("owner",)
    search_fields = ("key", "route")
    search_keys = ("pk", "owner_id", "job_id")
    fields = (
        "row_id",
        "owner",
        "key",
        "route",
        "status",
        "locked_until",
        "response_status",
        "job_id",
        "created_at",
    )
