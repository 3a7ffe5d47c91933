"""The activity log: list it, count it, clear it."""

from typing import Any

from rest_framework.request import Request

from accounts.api.serializers.activities import (
    ActivityClearIn,
    ActivityOut,
    ActivityStatsIn,
    ActivityStatsOut,
    stats_out,
)
from accounts.models.actions import ACTIONS, OBJECT_TYPES
from accounts.selectors.activities import activity_figures, activity_list_for
from accounts.services.activities import activities_clear
from config.api.lists.filters import AnyOf, ChoiceFilter, TextFilter, time_range
from config.api.lists.views import ListApi
from config.api.schema import operation
from config.api.views import ApiView

STATS_EXAMPLE = {
    "first_day": "2026-01-30",
    "last_day": "2026-01-31",
    "total": 3,
    "by_action": [{"action": "login", "count": 2}, {"action": "update_project", "count": 1}],
    "by_object_type": [{"object_type": "user", "count": 2}, {"object_type": "project", "count": 1}],
    "by_day": [{"day": "2026-01-30", "count": 0}, {"day": "2026-01-31", "count": 3}],
}
DAY = {"type": "string", "format": "date"}
TIME = {"type": "string", "format": "date-time"}


class ActivityListApi(ListApi):
    scope = "activities"
    read_model = ActivityOut
    selector = activity_list_for
    filters = {
        "action": AnyOf(ChoiceFilter(ACTIONS)),
        "object_type": AnyOf(ChoiceFilter(OBJECT_TYPES)),
        "object_id": TextFilter(),
        **time_range("created_at"),
    }
    summary = "List what the account did"
    description = (
        "Kept for a year unless the operator says otherwise. What staff did to the account isn't in here."
    )

    @operation(
        "Clear the activity log",
        description="Deletes what the parameters name, or everything if they say so. One record of it stays.",
        response={
            "type": "object",
            "required": ["deleted"],
            "properties": {"deleted": {"type": "integer"}},
        },
        example={"deleted": 17},
        parameters=[ActivityClearIn],
    )
    def delete(self, request: Request) -> dict[str, int]:
        return {"deleted": activities_clear(owner_id=self.caller.pk, **self.read_query(ActivityClearIn))}


class ActivityStatsApi(ApiView):
    scope = "activities"

    @operation(
        "Count what the account did",
        description="By action, by type of object and by day (UTC): the last 30 days, or a range of at most 366.",
        response=ActivityStatsOut,
        example=STATS_EXAMPLE,
        parameters=[ActivityStatsIn],
    )
    def get(self, request: Request) -> dict[str, Any]:
        return stats_out(activity_figures(owner_id=self.caller.pk, **self.read_query(ActivityStatsIn)))
