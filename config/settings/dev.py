"""Development: everything on this machine, readable logs, insecure secrets allowed."""

from config.settings.base import *

DEBUG = True
ALLOW_DEMO_ACCOUNT = True
VAR_DIR.mkdir(parents=True, exist_ok=True)

env.done()
