"""Health: what a load balancer, an operator and a person may ask of a running process.

`/health` and `/health/live` say that the process answers; they look at nothing else, since restarting it doesn't
bring a database back. `/health/ready` says whether it can serve: 503 when the database or the broker can't be
reached; it also shows what apps registered (the workers' heartbeats), and calls itself `degraded` instead of `ready`
when one of those isn't well: it serves, but somebody should look. `/health/detailed` adds versions and latencies, for
staff and for callers on the same machine only, because versions help an attacker; others see what `ready` shows.

Never cached by anybody on the way, never throttled, no login. Findings serve for a second within a process, so that
nobody can flood the database through this door. No message of a driver is shown: they name hosts and users.
"""

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from threading import Lock
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from config.api.exceptions import error_body
from config.api.renderers import JSON, success_body, to_json
from config.api.schema import operation
from config.api.scopes import OPEN
from config.api.views import ApiView
from config.errors import ServiceUnavailableError
from config.published import ailing_processes
from config.startup import SANDBOX_ONLY, writes_by_sandbox_only

#: Looks at one thing and returns facts about it; raises when it doesn't work, or says `"ok": False`. Everybody may see
#: the facts but those under the key "private". Under "notice" it may say what staff should know, in their language.
Check = Callable[[], Mapping[str, Any]]

PROBE_SECONDS = 2
FINDINGS_SERVE_SECONDS = 1.0
LOOPBACK = frozenset({"127.0.0.1", "::1"})
PACKAGES = ("django", "djangorestframework", "celery", "redis", "psycopg")
STARTED = time.time()

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `is_needed`: without it the process can't serve."""

    is_ok: bool
    is_needed: bool
    milliseconds: float
    facts: Mapping[str, Any]

    def shown(self, *, to_insider: bool) -> dict[str, Any]:
        facts = {name: value for name, value in self.facts.items() if name not in ("private", "notice")}
        if to_insider:
            facts |= {"milliseconds": self.milliseconds, **self.facts.get("private", {})}
            facts |= {"notice": str(self.facts["notice"])} if "notice" in self.facts else {}
        return {"ok": self.is_ok, **facts}


class Checks:
    """The registered checks and, for a second, what they found."""

    def __init__(self) -> None:
        self._checks: dict[str, tuple[Check, bool]] = {}
        self._lock = Lock()
        self._found: dict[str, Finding] = {}
        self._found_at = -FINDINGS_SERVE_SECONDS

    def register(self, name: str, check: Check, *, is_needed: bool = False) -> None:
        """Have `check` looked at under `name`; a second registration replaces the first."""
        self._checks[name] = (check, is_needed)
        self.forget()

    def unregister(self, name: str) -> None:
        self._checks.pop(name, None)
        self.forget()

    def forget(self) -> None:
        """Look again at the next question."""
        self._found_at = -FINDINGS_SERVE_SECONDS

    def findings(self) -> dict[str, Finding]:
        with self._lock:
            if time.monotonic() - self._found_at >= FINDINGS_SERVE_SECONDS:
                self._found = {name: self._look(name, *entry) for name, entry in self._checks.items()}
                self._found_at = time.monotonic()
            return self._found

    def notices(self) -> list[str]:
        """What staff should know, in words of the language that is active."""
        return [
            str(finding.facts["notice"]) for finding in self.findings().values() if "notice" in finding.facts
        ]

    @staticmethod
    def _look(name: str, check: Check, is_needed: bool) -> Finding:
        started = time.perf_counter()
        facts: Mapping[str, Any]
        try:
            facts = dict(check())
            is_ok = bool(facts.pop("ok", True))
        except Exception as exc:  # noqa: BLE001 — whatever a driver raises, the answer is that it doesn't work
            log.warning("health.check_failed", check=name, error=type(exc).__name__)
            facts, is_ok = {"error": type(exc).__name__}, False
        return Finding(is_ok, is_needed, round((time.perf_counter() - started) * 1000, 1), facts)


checks = Checks()
register_check = checks.register


def check_database() -> dict[str, Any]:
    """Reads a row of a table that every migrated database has.

    On PostgreSQL over a connection of its own: the pool would let us wait half a minute for one.
    """
    query = "SELECT 1 FROM django_migrations LIMIT 1"
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(query)
            cursor.execute("SELECT sqlite_version()")
            return {"vendor": connection.vendor, "private": {"version": cursor.fetchone()[0]}}
    import psycopg

    limits = {"connect_timeout": PROBE_SECONDS, "options": f"-c statement_timeout={PROBE_SECONDS * 1000}"}
    with psycopg.connect(**connection.get_connection_params() | limits) as probe:
        probe.execute(query)
        server = probe.info.server_version
    return {"vendor": connection.vendor, "private": {"version": f"{server // 10000}.{server % 10000}"}}


def check_broker() -> dict[str, Any]:
    limits = {"socket_connect_timeout": PROBE_SECONDS, "socket_timeout": PROBE_SECONDS}
    with redis.Redis.from_url(settings.CELERY_BROKER_URL, retry=Retry(NoBackoff(), 0), **limits) as client:
        facts = client.info("server")
    return {"private": {"version": facts.get("valkey_version") or facts.get("redis_version", "")}}


def check_processes() -> dict[str, Any]:
    """Under `make run`: which processes keep dying and are started again and again."""
    ailing = ailing_processes(settings.VAR_DIR)
    if not ailing:
        return {}
    names = ", ".join(f"{name} ({one['deaths']}×)" for name, one in ailing.items())
    return {
        "ok": False,
        "dying": {name: one["deaths"] for name, one in ailing.items()},
        "private": {"causes": {name: one["cause"] for name, one in ailing.items()}},
        "notice": format_lazy("{}: {}", _("Processes that keep dying and are started again"), names),
    }


def check_models() -> dict[str, Any]:
    """Who answers calls of models; that only the sandbox does is no fault, but people should know of it."""
    facts: dict[str, Any] = {"private": {"providers": settings.PROVIDER_ORDER["llm"]}}
    return facts | ({"notice": SANDBOX_ONLY} if writes_by_sandbox_only() else {})


checks.register("models", check_models)
checks.register("processes", check_processes)
checks.register("database", check_database, is_needed=True)
checks.register("broker", check_broker, is_needed=True)


# -- the addresses -----------------------------------------------------------------------------------------------


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return _uncached(HttpResponse(success_body({"status": "ok"}), content_type=JSON))


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    return _answer(request, to_insider=False)


class HealthDetailedApi(ApiView):
    """Everything about this process, for staff and local callers."""

    scope = OPEN
    tag = "health"
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @operation(
        "How the parts are doing",
        description="Versions and latencies are shown to staff and to callers on the same machine.",
        response={"type": "object"},
        example={
            "status": "ready",
            "checks": {"database": {"ok": True, "vendor": "postgresql"}, "broker": {"ok": True}},
        },
        errors=[ServiceUnavailableError],
    )
    def get(self, request: Request) -> HttpResponse:
        is_insider = bool(request.user and request.user.is_staff) or is_local(request._request)
        return _answer(request._request, to_insider=is_insider)


def is_local(request: HttpRequest) -> bool:
    """Whether the caller sits on this machine itself and no proxy speaks for somebody else."""
    is_forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded


def _answer(request: HttpRequest, *, to_insider: bool) -> HttpResponse:
    found = checks.findings()
    shown: dict[str, Any] = {
        "checks": {name: finding.shown(to_insider=to_insider) for name, finding in found.items()}
    }
    if to_insider:
        shown["process"] = {
            "uptime_seconds": round(time.time() - STARTED),
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
        }
    if all(finding.is_ok for finding in found.values() if finding.is_needed):
        status = "ready" if all(finding.is_ok for finding in found.values()) else "degraded"
        return _uncached(HttpResponse(success_body({"status": status, **shown}), content_type=JSON))
    body = error_body(ServiceUnavailableError(), request)
    body["data"] |= shown
    return _uncached(HttpResponse(to_json(body), status=503, content_type=JSON, headers={"Retry-After": "5"}))


def _uncached(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("health", alive),
    path("health/live", alive),
    path("health/ready", ready),
    path("health/detailed", HealthDetailedApi.as_view()),
]
