"""What lists of messages can be narrowed by, besides what every list can."""

from typing import Any

from django.db.models import QuerySet

from config.api.lists.filters import UuidFilter
from config.sql.placeholders import Placeholder
from config.sql.trees import IsOnPathTo


class BranchFilter(UuidFilter):
    """A message with all that it follows."""

    def apply(self, queryset: QuerySet[Any], name: str, variant: Any) -> QuerySet[Any]:
        return queryset.filter(IsOnPathTo(queryset.model, Placeholder(name, self.value_field)))
