"""Tests: SQLite, or the PostgreSQL of TEST_DATABASE_URL; the sandbox answers; nothing leaves the machine."""

import os
import tempfile

os.environ["ENV_FILE"] = ""  # a developer's own .env must not change what tests see

from config.settings.base import *  # noqa: E402

env.done()

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
if TEST_DATABASE_URL:
    DATABASES["default"] = database_entry(TEST_DATABASE_URL, sqlite=SQLITE_OPTIONS, postgres=POSTGRES_OPTIONS)
else:
    # In a file: threads would share one cache of a database in memory and refuse each other instead of waiting.
    folder = Path(tempfile.gettempdir())
    DATABASES["default"]["TEST"] = {"NAME": str(folder / f"atelier-test-{os.getpid()}.sqlite3")}
KEEP_CONNECTIONS = os.environ.get("ATELIER_SYSTEM_TEST") != "1"

REST_FRAMEWORK["TEST_REQUEST_DEFAULT_FORMAT"] = "json"
REST_FRAMEWORK["TEST_REQUEST_RENDERER_CLASSES"] = [
    "rest_framework.renderers.JSONRenderer",
    "rest_framework.renderers.MultiPartRenderer",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
RATE_LIMIT_MAX_REQUESTS = 0
LOGIN_LIMIT_MAX_ATTEMPTS = 0
ALLOW_DEMO_ACCOUNT = True
REGISTRATION = "open"
SENDS_EMAIL = True
WHITENOISE_AUTOREFRESH = True
if os.environ.get("ATELIER_SYSTEM_TEST") != "1":
    PROVIDER_ORDER = {"llm": ["sandbox"], "image": ["sandbox"], "mesh": ["sandbox"]}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    MEDIA_ROOT = Path(tempfile.gettempdir()) / f"atelier-test-{os.getpid()}"
    STORAGES["default"] = file_storage(env, MEDIA_ROOT)
INSTALLED_APPS += ["tests.support.kinds"]
LOGGING = logging_config(level="WARNING", json=False)
