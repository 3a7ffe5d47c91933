"""What accounts did, in the admin: looked at, never changed."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.words import details_in_words
from accounts.models import Activity
from accounts.models.actions import ACTIONS, OBJECT_TYPES
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import unbroken
from config.admin.filters import AgeFilter, WordsFilter


class ActionFilter(WordsFilter):
    title = _("action")
    parameter_name = "action"

    def words(self) -> Iterable[tuple[str, Any]]:
        return ACTIONS.items()


class ObjectTypeFilter(WordsFilter):
    title = _("object type")
    parameter_name = "object_type"

    def words(self) -> Iterable[tuple[str, Any]]:
        return OBJECT_TYPES.items()


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("created", "owner", "done", "done_to", "shown_object", "ip_address", "program")
    list_display_links = ("created",)
    list_filter = (AgeFilter, ActionFilter, ObjectTypeFilter)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_help_text = _(
        "The id of an activity or its owner, or the beginning of the owner's name or e-mail address"
    )
    sortable_by = ("created",)
    fieldsets = (
        (None, {"fields": ("created_at", "owner", "done", ("done_to", "object_id"), "details_text")}),
        (_("Where from"), {"fields": ("ip_address", "user_agent", "request_id")}),
    )

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
        return details_in_words(activity.object_type, activity.details)
