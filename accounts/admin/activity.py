"""What accounts did, in the back office: looked at, never changed."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Activity, User
from accounts.models.actions import ACTIONS, OBJECT_TYPES
from config.admin_site import AgeFilter, ReadOnlyAdmin, as_uuid, unbroken

#: Owners whose names begin with what is searched for; who means a certain one types more of the name.
OWNERS_SEARCHED = 1000


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ACTIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Activity]) -> QuerySet[Activity]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class ObjectTypeFilter(admin.SimpleListFilter):
    title = _("object type")
    parameter_name = "object_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(OBJECT_TYPES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Activity]) -> QuerySet[Activity]:
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("created", "owner", "done", "done_to", "shown_object", "ip_address", "program")
    list_display_links = ("created",)
    list_filter = (AgeFilter, ActionFilter, ObjectTypeFilter)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("owner__username",)
    search_help_text = _("An activity's or its owner's id, or the beginning of a user name")
    sortable_by = ("created",)
    fieldsets = (
        (None, {"fields": ("created_at", "owner", "done", ("done_to", "object_id"), "details_text")}),
        (_("Where from"), {"fields": ("ip_address", "user_agent", "request_id")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the index of the owners; a search across the join would read all of both tables."""
        term = search_term.strip()
        if not term or as_uuid(term) is not None:
            return super().get_search_results(request, queryset, search_term)
        owners = User.objects.filter(username__istartswith=term).values_list("pk", flat=True)
        return queryset.filter(owner_id__in=list(owners[:OWNERS_SEARCHED])), False

    @display(description=_("created"), ordering="pk")
    def created(self, activity: Activity) -> Any:
        return activity.created_at

    @display(description=_("action"))
    def done(self, activity: Activity) -> Any:
        return ACTIONS.get(activity.action, activity.action)

    @display(description=_("object type"))
    def done_to(self, activity: Activity) -> Any:
        return OBJECT_TYPES.get(activity.object_type, activity.object_type)

    @display(description=_("object id"))
    def shown_object(self, activity: Activity) -> SafeString | str:
        return unbroken(activity.object_id) if activity.object_id else "-"

    @display(description=_("program"))
    def program(self, activity: Activity) -> str:
        return activity.user_agent[:60]

    @display(description=_("details"))
    def details_text(self, activity: Activity) -> SafeString | str:
        return as_lines(activity.details)


def as_lines(data: Any) -> SafeString | str:
    """JSON data as indented text."""
    if not data:
        return "-"
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return format_html('<pre class="whitespace-pre-wrap break-words font-mono text-xs">{}</pre>', text)
