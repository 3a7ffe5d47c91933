"""What the benchmarks' servers run with: the product's settings, no debugging, room for every request."""

from config.settings.base import *  # noqa: F403, TID251 — settings modules build on each other

RATE_LIMIT_MAX_REQUESTS = 1_000_000_000
LOG_LEVEL = "warning"
LOGGING = logging_config(level="WARNING", json=True)  # noqa: F405
env.done()  # noqa: F405
