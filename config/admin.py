"""The kernel's rows in the back office: looked at, never changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from config.models import IdempotencyRecord


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ModelAdmin):
    """Without the kept answers: they belong to their owners."""

    list_display = ("key", "route", "owner", "status", "response_status", "created_at")
    list_filter = ("status", "created_at")
    list_select_related = ("owner",)
    search_fields = ("key", "route")
    ordering = ("-created_at",)
    show_full_result_count = False
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
