"""The admin's first page: what waits for a person, and the last two weeks as charts."""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.domain.months import month_of
from accounts.models import BudgetPeriod
from config.admin.cells import list_of
from config.health import checks
from config.money import MICROS, money
from config.tiles import TILES
from generation.admin.words import JOB_WORDS, call_badge
from generation.domain.prices import CURRENCY
from generation.jobs.registry import job_titles
from generation.models import Job, ProviderCall, WorkerHeartbeat
from generation.selectors.figures import (
    CAP,
    FAILURES_SHOWN_DAYS,
    ROWS_SHOWN,
    Day,
    Waiting,
    daily_figures,
    things_waiting,
)

DAYS = 14
FIGURES_SERVE_SECONDS = 60
#: A job that could start has waited too long for a worker after this.
SLOW_START_SECONDS = 60
GREEN, RED, GREY = "#16a34a", "#dc2626", "#9ca3af"
FIRST, SECOND = "var(--color-primary-600)", "var(--color-primary-300)"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK. The figures of past days serve for a minute; what waits is always fresh."""
    waiting = things_waiting()
    days = recent_days()
    context |= {
        "title": _("Work list"),
        "notices": checks.notices(),
        "tiles": tiles(waiting),
        "waiting": waiting,
        "failed_rows": named_jobs(waiting.latest_failed),
        "failed_url": failed_url(),
        "uncertain_url": uncertain_url(),
        "uncertain_rows": [
            (call, call_badge(call), money(call.reserved_micros, call.currency))
            for call in waiting.oldest_uncertain
        ],
        "near_url": near_url(),
        "near_rows": [
            (one, money(one.used_micros), money(one.reserved_micros), money(one.limit_micros))
            for one in waiting.near_limit[:ROWS_SHOWN]
        ],
        "charts": charts(days),
    }
    return context


def named_jobs(jobs: list[Job]) -> list[tuple[Job, str]]:
    titles = job_titles(jobs)
    return [(job, titles[job.pk]) for job in jobs]


def failed_url() -> str:
    return list_of(Job, status="failed", level="top", age=FAILURES_SHOWN_DAYS)


def uncertain_url() -> str:
    return list_of(ProviderCall, status="undecided")


def near_url() -> str:
    month = month_of(timezone.now())
    return list_of(BudgetPeriod, near="yes", month=f"{month:%Y-%m}", is_test__exact=0)


def recent_days() -> list[Day]:
    kept = cache.get("admin:daily-figures")
    if kept is not None:
        return [Day(**{**row, "day": date.fromisoformat(row["day"])}) for row in kept]
    days = daily_figures(DAYS)
    rows = [{**asdict(day), "day": day.day.isoformat()} for day in days]
    cache.set("admin:daily-figures", rows, timeout=FIGURES_SERVE_SECONDS)
    return days


# -- the work list -------------------------------------------------------------------------------------------------


def tiles(waiting: Waiting) -> list[dict[str, Any]]:
    """One tile for each thing that may want a person; `is_bad` says that it does."""
    own = [_failed(waiting), _uncertain(waiting), _budgets(waiting), _workers(waiting), _queue(waiting)]
    return [*own, *(asdict(make()) for make in TILES.values())]


def _tile(title: str, value: str, note: str, url: str, *, is_bad: bool, icon: str) -> dict[str, Any]:
    return {"title": title, "value": value, "note": note, "url": url, "is_bad": is_bad, "icon": icon}


def _failed(waiting: Waiting) -> dict[str, Any]:
    url = failed_url()
    note = _("in the last seven days; a batch counts once")
    return _tile(
        _("Failed jobs"), _count(waiting.failed_jobs), note, url, is_bad=waiting.failed_jobs > 0, icon="error"
    )


def _uncertain(waiting: Waiting) -> dict[str, Any]:
    note = _("at most %(amount)s may have been charged") % {
        "amount": money(waiting.uncertain_micros, CURRENCY)
    }
    if not waiting.uncertain_calls:
        note = _("every call is accounted for")
    if waiting.uncertain_play:
        play = ngettext(
            "%(n)d of the sandbox besides", "%(n)d of the sandbox besides", waiting.uncertain_play
        )
        note = f"{note} · {play % {'n': waiting.uncertain_play}}"
    count = _count(waiting.uncertain_calls)
    is_bad = waiting.uncertain_calls > 0
    return _tile(_("Uncertain calls"), count, note, uncertain_url(), is_bad=is_bad, icon="help")


def _budgets(waiting: Waiting) -> dict[str, Any]:
    near = waiting.near_limit
    full = sum(one.percent >= 100 for one in near)
    if full:
        note = ngettext("%(full)d of them used up", "%(full)d of them used up", full) % {"full": full}
    else:
        note = _("used or set aside: at least 80 %")
    is_bad = bool(near)
    return _tile(
        _("Budgets near the limit"), _count(len(near)), note, near_url(), is_bad=is_bad, icon="savings"
    )


def _workers(waiting: Waiting) -> dict[str, Any]:
    url = list_of(WorkerHeartbeat)
    unattended = [one.queue for one in waiting.queues if not one.alive]
    alive = sum(one.alive for one in waiting.queues)
    if unattended:
        note = _("nobody works on %(queues)s") % {"queues": ", ".join(unattended)}
    elif waiting.dead_workers:
        dead = len(waiting.dead_workers)
        note = ngettext("%(dead)d fell silent", "%(dead)d fell silent", dead) % {"dead": dead}
    else:
        in_flight = sum(one.in_flight for one in waiting.queues)
        note = ngettext("%(number)d job in flight", "%(number)d jobs in flight", in_flight) % {
            "number": in_flight
        }
    is_bad = bool(unattended or waiting.dead_workers)
    return _tile(_("Workers alive"), str(alive), note, url, is_bad=is_bad, icon="memory")


def _queue(waiting: Waiting) -> dict[str, Any]:
    url = list_of(Job, status="queued")
    if waiting.oldest_queued_at is None:
        return _tile(
            _("Longest wait"), "0 s", _("no job waits for a worker"), url, is_bad=False, icon="schedule"
        )
    seconds = (timezone.now() - waiting.oldest_queued_at).total_seconds()
    note = _("since the oldest queued job could start")
    is_bad = seconds > SLOW_START_SECONDS
    return _tile(_("Longest wait"), duration(seconds), note, url, is_bad=is_bad, icon="schedule")


def _count(number: int) -> str:
    return f"{CAP:,}+" if number >= CAP else f"{number:,}"


def duration(seconds: float) -> str:
    """In the largest unit that fits: 45 s, 12 min, 7.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


# -- charts --------------------------------------------------------------------------------------------------------


def charts(days: list[Day]) -> list[dict[str, Any]]:
    return [_jobs_chart(days), _cost_chart(days), _latency_chart(days), _tokens_chart(days)]


def _jobs_chart(days: list[Day]) -> dict[str, Any]:
    total = sum(day.succeeded + day.failed + day.cancelled for day in days)
    failed = sum(day.failed for day in days)
    summary = _("%(total)s ended, %(failed)s of them failed; items of batches count, too") % {
        "total": f"{total:,}",
        "failed": f"{failed:,}",
    }
    series = [
        (str(JOB_WORDS["succeeded"]), [day.succeeded for day in days], GREEN),
        (str(JOB_WORDS["failed"]), [day.failed for day in days], RED),
        (str(JOB_WORDS["cancelled"]), [day.cancelled for day in days], GREY),
    ]
    return _chart("bar", _("Jobs by day"), summary, days, series, is_stacked=True)


def _cost_chart(days: list[Day]) -> dict[str, Any]:
    total = money(sum(day.cost_micros for day in days), CURRENCY)
    series = [(CURRENCY, [day.cost_micros / MICROS for day in days], FIRST)]
    summary = _("%(total)s in two weeks; without the sandbox and owners' keys") % {"total": total}
    return _chart("bar", _("Cost by day"), summary, days, series, has_fractions=True)


def _latency_chart(days: list[Day]) -> dict[str, Any]:
    series = [
        (_("on average"), [_rounded(day.latency) for day in days], FIRST),
        (_("slowest"), [_rounded(day.slowest) for day in days], SECOND),
    ]
    summary = _("seconds from sending a call to its answer")
    return _chart("line", _("Latency by day"), summary, days, series, has_fractions=True)


def _tokens_chart(days: list[Day]) -> dict[str, Any]:
    read, written = sum(day.input_tokens for day in days), sum(day.output_tokens for day in days)
    summary = _("%(read)s in, %(written)s out; with the sandbox and owners' keys") % {
        "read": f"{read:,}",
        "written": f"{written:,}",
    }
    series = [
        (_("in"), [day.input_tokens for day in days], SECOND),
        (_("out"), [day.output_tokens for day in days], FIRST),
    ]
    return _chart("bar", _("Tokens by day"), summary, days, series, is_stacked=True)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def _chart(
    kind: str,
    title: str,
    summary: str,
    days: list[Day],
    series: list[tuple[str, list[Any], str]],
    *,
    is_stacked: bool = False,
    has_fractions: bool = False,
) -> dict[str, Any]:
    """A chart of Chart.js as unfold's component takes it; `table` is the same for those who can't see it."""
    labels = [f"{day.day:%m-%d}" for day in days]
    datasets = [
        {
            "label": label,
            "data": values,
            "backgroundColor": colour,
            "borderColor": colour,
            "displayYAxis": True,
        }
        for label, values, colour in series
    ]
    ticks = {"display": True} if has_fractions else {"display": True, "precision": 0}
    scale = {"stacked": is_stacked, "ticks": ticks}
    options = {
        "maintainAspectRatio": False,
        "animation": False,
        "scales": {"x": {"stacked": is_stacked}, "y": {**scale, "beginAtZero": True}},
        "plugins": {"legend": {"display": len(series) > 1, "position": "bottom"}},
    }
    return {
        "kind": kind,
        "title": title,
        "summary": summary,
        "is_empty": not any(value for _label, values, _colour in series for value in values),
        "data": json.dumps({"labels": labels, "datasets": datasets}),
        "options": json.dumps(options),
    }
