"""Fields that several shapes of 3D models have."""

import math
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from models3d.domain import limits


class Millimetres(serializers.FloatField):
    """A length that a model may be scaled to."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=limits.LEAST_MM, max_value=limits.MOST_MM, **options)

    def to_internal_value(self, data: Any) -> float:
        is_query = self.context.get("is_query")
        if isinstance(data, bool) or not is_query and not isinstance(data, int | float):
            self.fail("invalid")
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class BedField(serializers.CharField):
    """A print bed as it is written: `220x220x250`. Its value: width, depth and height in millimetres."""

    def to_internal_value(self, data: Any) -> tuple[float, ...]:  # type: ignore[override]
        parts = super().to_internal_value(data).lower().replace("×", "x").split("x")
        try:
            sides = tuple(float(part) for part in parts)
        except ValueError:
            sides = ()
        if len(sides) != 3 or not all(limits.LEAST_MM <= side <= limits.MOST_MM for side in sides):
            raise serializers.ValidationError(
                _("Must be three sides in millimetres, such as 220x220x250."), code="invalid"
            )
        return sides
