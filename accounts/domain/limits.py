"""When a budget is nearly gone."""

#: A budget is near its limit from the last fifth on.
NEAR_PART = 5


def is_near(taken: int, limit: int | None) -> bool:
    """Whether four fifths of the limit or more are spent or set aside; None is no limit."""
    return limit is not None and taken > 0 and taken >= limit - limit // NEAR_PART
