"""Development: everything on this machine, readable logs, insecure secrets allowed."""

from config.settings.base import *

DEBUG = True
VAR_DIR.mkdir(parents=True, exist_ok=True)

env.done()
