"""Development: everything on this machine, readable logs, insecure secrets allowed."""

import os
from pathlib import Path

from config.published import published_settings

# What `make run` has started on its own, commands in another terminal use, too.
for _name, _value in published_settings(
    Path(os.environ.get("VAR_DIR") or Path(__file__).resolve().parents[2] / "var")
).items():
    os.environ[_name] = os.environ.get(_name) or _value

from config.settings.base import *  # noqa: E402 — base reads what was just set

DEBUG = True
ALLOW_DEMO_ACCOUNT = True
VAR_DIR.mkdir(parents=True, exist_ok=True)

env.done()
