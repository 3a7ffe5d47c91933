"""The kernel's rows in the back office: looked at, never changed."""

from django.contrib import admin

from config.admin_site import ReadOnlyAdmin
from config.models import IdempotencyRecord


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Without the kept answers: they belong to their owners."""

    list_display = ("key", "route", "owner", "status", "response_status", "created_at")
    list_filter = ("status", "created_at")
    list_select_related = ("owner",)
    search_fields = ("key", "route")
    search_keys = ("pk", "owner_id", "job_id")
    fields = (
        "id",
        "owner",
        "key",
        "route",
        "status",
        "locked_until",
        "response_status",
        "job_id",
        "created_at",
    )
    readonly_fields = fields
