"""Development: everything on this machine, readable logs, insecure secrets allowed."""

import os
from pathlib import Path

# `make run` starts a broker of its own and writes down where: commands in another terminal use it, too.
_broker = Path(os.environ.get("VAR_DIR") or Path(__file__).resolve().parents[2] / "var") / "broker.url"
if not os.environ.get("REDIS_URL") and _broker.is_file():
    os.environ["REDIS_URL"] = _broker.read_text().strip()

from config.settings.base import *  # noqa: E402 — base reads what was just set

DEBUG = True
ALLOW_DEMO_ACCOUNT = True
VAR_DIR.mkdir(parents=True, exist_ok=True)

env.done()
