"""Settings shared by all environments. Values come from `config.env`; there is no logic here beyond reading them."""

from datetime import timedelta
from pathlib import Path

from corsheaders.defaults import default_headers

from config.crypto import encryption_keys
from config.databases import database_entry
from config.egress.policy import egress_settings
from config.env import Env, var_dir
from config.files.settings import file_limits, file_storage, import_limit, mesh_limit, upload_limits
from config.image_providers import image_provider_settings
from config.logs import logging_config
from config.mesh_providers import mesh_provider_settings
from config.providers import call_limits, provider_settings
from config.queues import BEAT_SCHEDULE, Queue, QueueLimits, route
from config.settings.admin_theme import UNFOLD as UNFOLD
from config.weak_secrets import DEV_SECRET

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = Env()

# -- core ----------------------------------------------------------------------------------------------------------

VAR_DIR = var_dir(env)
SECRET_KEY = env.secret("SECRET_KEY", default=DEV_SECRET, help="Signs sessions and links")
ENCRYPTION_KEYS = encryption_keys(env)
DEBUG = False
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"], help="Host names served"
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[], help="Origins that may post to the admin")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "config.apps.PlatformConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.apps.HouseAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_results",
    "accounts",
    "generation",
    "prompts",
    "models3d",
    "conversations",
    "templates",
]

MIDDLEWARE = [
    "config.middleware.ProxyMiddleware",
    "config.middleware.RequestContextMiddleware",
    "config.middleware.StreamMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# -- database ------------------------------------------------------------------------------------------------------

DATABASE_URL = env.url(
    "DATABASE_URL",
    default=f"sqlite:///{VAR_DIR / 'atelier.sqlite3'}",
    schemes=("sqlite", "postgres", "postgresql"),
    help="Database",
)
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=10, min=1, max=200, help="Connections per process")
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,  # and once more, see config.sqlite
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}
DATABASE_PREPARE = env.bool(
    "DATABASE_PREPARE", default=True, help="Prepared statements for lists; off behind a pooler without them"
)
POSTGRES_OPTIONS = {
    "pool": {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 30},
    "prepare_threshold": 5 if DATABASE_PREPARE else None,
}
DATABASES = {"default": database_entry(DATABASE_URL, sqlite=SQLITE_OPTIONS, postgres=POSTGRES_OPTIONS)}
NEW_DATABASE_URL = env.url(
    "NEW_DATABASE_URL",
    default="",
    schemes=("sqlite", "postgres", "postgresql"),
    help="Where `manage.py move_data` moves everything to",
)
#: A test's transaction lives on its connection: only tests set this, to keep `release_connection` from ending it.
KEEP_CONNECTIONS = False

# -- broker, cache, Celery -----------------------------------------------------------------------------------------

REDIS_URL = env.secret(
    "REDIS_URL", default="", help="Broker and cache; empty: `make run` starts Valkey by itself"
)
REDIS_KEY_PREFIX = env.str(
    "REDIS_KEY_PREFIX",
    default="",
    help="Stands before all keys there; each instance on one broker needs its own",
)
CACHES = {
    "default": (
        {"BACKEND": "config.cache.SafeRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": REDIS_KEY_PREFIX}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

AGENT_BUILDS_LIMIT_SECONDS = env.int(
    "AGENT_BUILDS_LIMIT_SECONDS", default=900, min=3, help="Longest attempt of a job; leases derive from it"
)
QUEUE_LIMITS = {
    Queue.AGENT_BUILDS: QueueLimits(AGENT_BUILDS_LIMIT_SECONDS),
    Queue.STATUS_UPDATES: QueueLimits(120),
}
CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:6379/0"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": REDIS_KEY_PREFIX,
    "visibility_timeout": max(limits.visibility_seconds for limits in QUEUE_LIMITS.values()),
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    # A publisher tries once: the row says what is to be done, and the sweeper knocks again.
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True  # with the names of the tasks
CELERY_RESULT_EXPIRES = timedelta(days=3)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
#: What is printed stays as it is: Celery would make a line of the log out of each piece of a traceback.
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_DEFAULT_QUEUE = Queue.STATUS_UPDATES.value
CELERY_TASK_ROUTES = [route]
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
CELERY_BEAT_SCHEDULER = "config.beat.Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_TIMEZONE = "UTC"
WORKER_CONCURRENCY = env.int(
    "WORKER_CONCURRENCY", default=100, min=1, max=1000, help="Calls in flight per worker"
)

# -- jobs, money ---------------------------------------------------------------------------------------------------

#: A text call whose outcome is unknown is cheap and can't be looked up: repeat it once, and show both in the ledger.
REPEAT_UNCERTAIN_TEXT = env.bool("REPEAT_UNCERTAIN_TEXT", default=True, help="Repeat a lost text call once")
#: A queued job that nobody has taken for this long gets its message published again.
REPUBLISH_AFTER_SECONDS = env.int(
    "REPUBLISH_AFTER_SECONDS", default=30, min=1, help="When a message counts as lost"
)
JOB_RETENTION_DAYS = env.int(
    "JOB_RETENTION_DAYS", default=90, min=1, help="How long finished jobs' events are kept"
)
BATCH_CONCURRENCY = env.int(
    "BATCH_CONCURRENCY", default=20, min=1, max=500, help="Default calls in flight per batch"
)

ACTIVITY_RETENTION_DAYS = env.int(
    "ACTIVITY_RETENTION_DAYS", default=365, min=1, help="How long accounts' activity logs are kept"
)

MONTHLY_BUDGET_USD = env.float(
    "MONTHLY_BUDGET_USD", default=50.0, min=-1, help="What a user may spend in a month; -1: no limit"
)

NEW_ACCOUNT_BUDGET_USD = env.float(
    "NEW_ACCOUNT_BUDGET_USD",
    default=1.0,
    min=-1,
    help="What who registers may spend in a month, until staff say otherwise; -1: as everybody",
)

DOCUMENT_MAX_OUTPUT_TOKENS = env.int(
    "DOCUMENT_MAX_OUTPUT_TOKENS",
    default=4000,
    min=100,
    max=32000,
    help="Length limit of one call for a document",
)

PROVIDERS, PROVIDER_ORDER, PROVIDER_VENDORS = provider_settings(env)
ORDER_VENDORS: dict[str, dict[str, dict[str, str]]] = {}
PROVIDERS["image"], PROVIDER_ORDER["image"], ORDER_VENDORS["image"] = image_provider_settings(
    env, PROVIDERS["llm"], PROVIDER_VENDORS
)
PROVIDERS["mesh"], PROVIDER_ORDER["mesh"], ORDER_VENDORS["mesh"] = mesh_provider_settings(env)
ALLOW_SANDBOX = env.bool(
    "ALLOW_SANDBOX", default=True, help="Whether production starts where the sandbox would write documents"
)
LLM_MAX_IN_FLIGHT, LLM_REQUESTS_PER_MINUTE, IMAGE_MAX_IN_FLIGHT, MESH_MAX_IN_FLIGHT = call_limits(env)
EGRESS_ALLOW_HTTP, EGRESS_ALLOW_PRIVATE = egress_settings(env)

# -- API -----------------------------------------------------------------------------------------------------------

JWT_SECRET = env.secret("JWT_SECRET", default="", help="Signs access and refresh tokens; empty: SECRET_KEY")
RATE_LIMIT_WINDOW_MS = env.int(
    "RATE_LIMIT_WINDOW_MS", default=60_000, min=1000, help="Window of the rate limit"
)
RATE_LIMIT_MAX_REQUESTS = env.int(
    "RATE_LIMIT_MAX_REQUESTS", default=600, min=0, help="Requests per window; 0: off"
)
LOGIN_LIMIT_MAX_ATTEMPTS = env.int(
    "LOGIN_LIMIT_MAX_ATTEMPTS", default=20, min=0, help="Log-in tries per window"
)
NUM_PROXIES = env.int(
    "NUM_PROXIES", default=0, min=0, max=10, help="Own proxies in front; 0: X-Forwarded-For is ignored"
)
TRUSTED_PROXIES = env.networks(
    "TRUSTED_PROXIES",
    default=["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
    help="Where they stand: only they are believed that a request came by https",
)
WAITING_REQUESTS_MAX = env.int(
    "WAITING_REQUESTS_MAX",
    default=4,
    min=0,
    max=1000,
    help="Requests per process that ?wait= may hold at once",
)
CONVERSATION_TEMPORARY_HOURS = env.int(
    "CONVERSATION_TEMPORARY_HOURS",
    default=24,
    min=1,
    max=8760,
    help="How long after its last message a temporary conversation is deleted",
)
STREAMS_MAX = env.int("STREAMS_MAX", default=500, min=0, max=10_000, help="Event streams per process")
STREAMS_PER_USER_MAX = env.int(
    "STREAMS_PER_USER_MAX", default=20, min=1, help="Event streams per user and process"
)
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=2_000_000, min=1000, help="Largest JSON body")
MAX_IMPORT_BYTES = env.int(
    "MAX_IMPORT_BYTES", default=20_000_000, min=1000, help="Largest file of prompts that is imported"
)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
CORS_ORIGIN = env.list("CORS_ORIGIN", default=[], help="Origins that browsers may call from; * for all")
CORS_ALLOW_ALL_ORIGINS = "*" in CORS_ORIGIN
CORS_ALLOWED_ORIGINS = [origin for origin in CORS_ORIGIN if origin != "*"]
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
]
CORS_URLS_REGEX = r"^/(api|files|gallery)/"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["config.api.renderers.JSendRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttling.RequestThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.negotiation.JsonNegotiation",
    "DEFAULT_SCHEMA_CLASS": "config.api.openapi.AtelierSchema",
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter of ours (exports), not a renderer
    "EXCEPTION_HANDLER": "config.api.exceptions.exception_handler",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "UNAUTHENTICATED_USER": None,
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "SIGNING_KEY": JWT_SECRET or SECRET_KEY,
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
    "ISSUER": "atelier",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Atelier",
    "DESCRIPTION": "One self-hosted backend for teams that build AI products.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    # A reload of the page keeps the login.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "config.api.schema_hooks.name_choices",
        "config.api.schema_hooks.describe",
    ],
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

# -- e-mail --------------------------------------------------------------------------------------------------------

PUBLIC_URL = env.url(
    "PUBLIC_URL",
    default="http://127.0.0.1:8000",
    schemes=("http", "https"),
    help="Where people reach this server; links in e-mails begin with it",
)
EMAIL_HOST = env.str("EMAIL_HOST", default="", help="Mail server (SMTP); empty: no e-mail is sent")
EMAIL_PORT = env.int("EMAIL_PORT", default=587, min=1, max=65535, help="Port of the mail server")
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="", help="Login at the mail server")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD", default="", help="Password at the mail server")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=True, help="STARTTLS, as port 587 wants it")
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False, help="TLS from the start, as port 465 wants it")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="atelier@localhost", help="Whom e-mails are from")
EMAIL_TIMEOUT = 10
#: Whether somebody reads what is sent: where nothing is sent, nobody is told to wait for a link.
SENDS_EMAIL = bool(EMAIL_HOST)
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if SENDS_EMAIL
    else "django.core.mail.backends.dummy.EmailBackend"
)

# -- accounts ------------------------------------------------------------------------------------------------------

REGISTRATION = env.str(
    "REGISTRATION",
    default="closed",
    choices=["open", "invited", "closed"],
    help="Who may open an account: everybody, who is invited, nobody",
)
CONFIRM_EMAIL = env.bool(
    "CONFIRM_EMAIL", default=False, help="Who registers confirms the e-mail address before logging in"
)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
#: Where the admin's door leads when no page was asked for: Unfold's form doesn't say it.
LOGIN_REDIRECT_URL = "admin:index"
#: Reads trust an account's state (active, password time) this long per process; every write looks it up.
AUTH_SNAPSHOT_SECONDS = 5.0
#: The demo account's password is in the source code, so only settings for development allow it.
ALLOW_DEMO_ACCOUNT = False
#: Whether people rely on what it writes: the sandbox then doesn't answer without saying so.
IS_PRODUCTION = False

FIRST_ADMIN_USERNAME = env.str("FIRST_ADMIN_USERNAME", default="", help="Who `create_first_admin` makes")
FIRST_ADMIN_EMAIL = env.str("FIRST_ADMIN_EMAIL", default="", help="The address of this account")
FIRST_ADMIN_PASSWORD = env.secret("FIRST_ADMIN_PASSWORD", default="", help="Its first password")
FIRST_ADMIN_TOKEN = env.secret("FIRST_ADMIN_TOKEN", default="", help="Its first access token, of all scopes")

# -- language, files -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": file_storage(env, MEDIA_ROOT),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_MAX_BYTES, FILE_MAX_PIXELS, FILE_QUOTA_BYTES, FILE_LINK_SECONDS = file_limits(env)
CONVERSATION_IMPORT_MAX_BYTES = import_limit(env)
MESH_MAX_BYTES = mesh_limit(env)
UPLOAD_PART_BYTES, UPLOAD_OPEN_SECONDS = upload_limits(env)
EXPORT_DIR = VAR_DIR / env.str("EXPORT_DIR", default="documents", help="Where commands write documents")

# -- logs ----------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.str(
    "LOG_LEVEL",
    default="info",
    choices=["debug", "info", "warning", "error"],
    help="Least level that is logged",
)
LOG_FORMAT = env.str("LOG_FORMAT", default="console", choices=["console", "json"], help="console or json")
LOGGING = logging_config(level=LOG_LEVEL.upper(), json=LOG_FORMAT == "json")
LOGGING_CONFIG = "config.logs.configure"
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.reports.ReportFilter"
