"""One database as Django's settings describe it."""

from collections.abc import Mapping
from typing import Any

import dj_database_url

from config.env import Hidden


def database_entry(url: str, *, sqlite: Mapping[str, Any], postgres: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of DATABASES for the URL, with the options that its kind gets beside those in the URL."""
    entry: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=0))
    is_sqlite = url.startswith("sqlite")
    if is_sqlite:
        entry["ENGINE"] = "config.sqlite"
    entry["PASSWORD"] = Hidden(entry.get("PASSWORD") or "")
    entry["OPTIONS"] = {**entry.get("OPTIONS", {}), **(sqlite if is_sqlite else postgres)}
    return entry
