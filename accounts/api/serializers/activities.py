"""Shapes of the activity log."""

from datetime import date
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Activity
from accounts.models.actions import ACTIONS, OBJECT_TYPES
from accounts.selectors.activities import ActivityFigures
from config.api.lists.fields import Choice, Json, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer

DEFAULT_DAYS = 30
MOST_DAYS = 366


class HostText(Func):
    """An address as text; PostgreSQL would add the length of its network to it."""

    function = "HOST"
    output_field = CharField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        return compiler.compile(self.source_expressions[0])


class ActivityOut(ReadModel, source_model=Activity):
    """One thing that the account did."""

    id = Uuid()
    action = Choice(ACTIONS)
    object_type = Text(help="What it was done to; empty: to nothing in particular.")
    object_id = Text(help="Which one. It may be gone by now.")
    details = Json(help="A few names and numbers, such as the fields that were changed.")
    ip_address = Text(
        expression=HostText("ip_address"),
        null=True,
        help="Null where nobody asked over the network: a command on the server did it.",
    )
    user_agent = Text()
    request_id = Text(help="As in the answer's X-Request-ID and in the server's log.")
    created_at = Time()


class ActivityClearIn(StrictSerializer):
    """Which records go: name at least one of these, or say `all`."""

    default_error_messages = {
        "scope_missing": _("Say which records go: name a parameter, or all=true for everything.")
    }

    action = serializers.ChoiceField(tuple(ACTIONS), required=False)
    object_type = serializers.ChoiceField(tuple(OBJECT_TYPES), required=False)
    created_from = serializers.DateTimeField(required=False, help_text="Inclusive.")
    created_before = serializers.DateTimeField(required=False, help_text="Exclusive.")
    all = serializers.BooleanField(default=False, help_text="Every record.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.pop("all") or attrs:
            return attrs
        raise serializers.ValidationError({"all": [self.error_messages["scope_missing"]]}, "scope_missing")


class ActivityStatsIn(StrictSerializer):
    """Days in UTC, both included."""

    first_day = serializers.DateField(required=False, help_text="Default: 29 days before last_day.")
    last_day = serializers.DateField(required=False, help_text="Default: today.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        last: date = attrs.get("last_day") or timezone.now().date()
        default = date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
        first: date = attrs.get("first_day") or default
        if first > last:
            raise serializers.ValidationError({"first_day": [_("Must not come after last_day.")]})
        if (last - first).days >= MOST_DAYS:
            most = _("The range must have at most %(days)d days.") % {"days": MOST_DAYS}
            raise serializers.ValidationError({"first_day": [most]})
        return {"first": first, "last": last}


class ActionCount(serializers.Serializer[Any]):
    action = serializers.CharField()
    count = serializers.IntegerField()


class ObjectTypeCount(serializers.Serializer[Any]):
    object_type = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()


class DayCount(serializers.Serializer[Any]):
    day = serializers.DateField()
    count = serializers.IntegerField()


class ActivityStatsOut(serializers.Serializer[Any]):
    """How often what was done; the most frequent first, and every day of the range, also those without any."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    total = serializers.IntegerField()
    by_action = ActionCount(many=True)
    by_object_type = ObjectTypeCount(many=True)
    by_day = DayCount(many=True)


def stats_out(figures: ActivityFigures) -> dict[str, Any]:
    return {
        "first_day": figures.first.isoformat(),
        "last_day": figures.last.isoformat(),
        "total": figures.total,
        "by_action": [{"action": name, "count": count} for name, count in figures.actions.items()],
        "by_object_type": [
            {"object_type": name, "count": count} for name, count in figures.object_types.items()
        ],
        "by_day": [{"day": day.isoformat(), "count": count} for day, count in figures.days.items()],
    }
