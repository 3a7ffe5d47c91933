"""Months of budgets. They begin on their first day at 00:00 UTC, everywhere."""

from datetime import UTC, date, datetime


def month_of(moment: datetime) -> date:
    """The first day of the month that `moment` lies in."""
    return moment.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> datetime:
    """When the month after `month` begins, and with it a new budget."""
    year, number = (month.year + 1, 1) if month.month == 12 else (month.year, month.month + 1)
    return datetime(year, number, 1, tzinfo=UTC)


def months_back(month: date, count: int) -> list[date]:
    """So many months, `month` and those before it, the latest first."""
    index = month.year * 12 + month.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(index, index - count, -1)]
