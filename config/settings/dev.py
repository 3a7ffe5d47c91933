"""Development: everything on this machine, readable logs, insecure secrets allowed."""

import os

from config.env import Env, var_dir
from config.published import published_settings

# What `make run` has started on its own, commands in another terminal use, too.
for _name, _value in published_settings(var_dir(Env())).items():
    if not (os.environ.get(_name) or os.environ.get(f"{_name}_FILE")):
        os.environ[_name] = _value

from config.settings.base import *  # noqa: E402 — base reads what was just set

DEBUG = True
ALLOW_DEMO_ACCOUNT = True
if not env.is_set("REGISTRATION"):
    REGISTRATION = "open"
if not EMAIL_HOST:
    SENDS_EMAIL = True
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

env.done()
