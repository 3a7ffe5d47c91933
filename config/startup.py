"""What a process of the product says as it starts."""

import gc
import platform
from importlib import import_module
from importlib.metadata import version

import structlog
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext_lazy as _

SANDBOX_ONLY = _("No provider has a key: the sandbox writes all documents, and they are no model's work.")

log = structlog.get_logger(__name__)


def writes_by_sandbox_only() -> bool:
    """Whether people who rely on documents would get play texts."""
    return bool(settings.IS_PRODUCTION) and settings.PROVIDER_ORDER["llm"] == ["sandbox"]


def load_addresses() -> None:
    """All pages and operations, now: otherwise the first request would wait for them."""
    import_module(settings.ROOT_URLCONF)


def keep_loaded() -> None:
    """Tell the garbage collector that what has been loaded stays. Otherwise it looks through all of it now and then,
    80 ms long, in the middle of somebody's request."""
    gc.collect()
    gc.freeze()


def announce(process: str) -> None:
    """One line about what starts, and a warning about each thing that an operator may have overlooked."""
    log.info(
        "process.started",
        process=process,
        python=platform.python_version(),
        django=version("django"),
        database=connection.vendor,
        providers=settings.PROVIDER_ORDER["llm"],
    )
    if writes_by_sandbox_only():
        with translation.override("en"):
            log.warning("models.sandbox_only", hint=str(SANDBOX_ONLY))
    if settings.IS_PRODUCTION and settings.SECURE_SSL_REDIRECT and not settings.NUM_PROXIES:
        log.warning(
            "proxy.not_believed",
            hint="NUM_PROXIES is 0, so a proxy isn't believed that a request came by https: all are redirected.",
        )
