"""Production: refuses to start with what is only fit for development."""

import os

from config.settings.base import *

if SECRET_KEY == DEV_SECRET or len(SECRET_KEY) < 50:
    env.problem(
        "SECRET_KEY must be set to a random text of at least 50 characters (python -c 'import secrets; "
        "print(secrets.token_urlsafe(64))')"
    )
if JWT_SECRET and len(JWT_SECRET) < 32:
    env.problem("JWT_SECRET must have at least 32 characters, or be left empty to use SECRET_KEY")
if not ENCRYPTION_KEYS:
    env.problem(
        "must be set, as users' keys are encrypted with it. Make one: python -c 'from cryptography.fernet import "
        "Fernet; print(Fernet.generate_key().decode())'",
        name="ENCRYPTION_KEYS",
    )
if not REDIS_URL:
    env.problem("REDIS_URL must name the broker")
if "*" in ALLOWED_HOSTS or not os.environ.get("ALLOWED_HOSTS"):
    env.problem("ALLOWED_HOSTS must name the host names that are served, without *")
if CORS_ALLOW_ALL_ORIGINS:
    env.problem("CORS_ORIGIN must name origins; * lets every web site call the API")
env.done()

LOG_FORMAT = "json"
LOGGING = logging_config(level=LOG_LEVEL.upper(), json=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True, help="Send http to https")
SECURE_REDIRECT_EXEMPT = [r"^health"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
WHITENOISE_USE_FINDERS = False
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
env.done()
