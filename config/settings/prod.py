"""Production: refuses to start with what is only fit for development."""

from config.crypto import key_bytes
from config.env import is_anywhere
from config.settings.base import *
from config.weak_secrets import weakness

MAKE_SECRET = "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"  # noqa: S105
MAKE_KEY = (
    "Make one: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
)

if not env.is_set("SECRET_KEY") or len(SECRET_KEY) < 50:
    env.problem("must be set to a random text of at least 50 characters.", name="SECRET_KEY", fix=MAKE_SECRET)
elif fault := weakness(SECRET_KEY):
    env.problem(f"{fault}.", name="SECRET_KEY", fix=MAKE_SECRET)
if JWT_SECRET and len(JWT_SECRET) < 32:
    env.problem(
        "must have at least 32 characters, or be left empty to use SECRET_KEY.",
        name="JWT_SECRET",
        fix=MAKE_SECRET,
    )
elif JWT_SECRET and (fault := weakness(JWT_SECRET)):
    env.problem(f"{fault}. Whoever guesses it logs in as anybody.", name="JWT_SECRET", fix=MAKE_SECRET)
if not ENCRYPTION_KEYS:
    env.problem("must be set, as users' keys are encrypted with it.", name="ENCRYPTION_KEYS", fix=MAKE_KEY)
for key in ENCRYPTION_KEYS:
    if fault := weakness(key_bytes(key)):
        env.problem(f"holds a key that {fault}.", name="ENCRYPTION_KEYS", fix=MAKE_KEY)
if not REDIS_URL:
    env.problem("must name the broker.", name="REDIS_URL")
if "*" in ALLOWED_HOSTS or not env.is_set("ALLOWED_HOSTS"):
    env.problem("must name the host names that are served, without *.", name="ALLOWED_HOSTS")
if CORS_ALLOW_ALL_ORIGINS:
    env.problem("must name origins; * lets every web site call the API.", name="CORS_ORIGIN")
if "null" in map(str.lower, CORS_ORIGIN):
    env.problem(
        "must not hold null: every sandboxed page and local file has that origin.", name="CORS_ORIGIN"
    )
if wide := [network for network in TRUSTED_PROXIES if is_anywhere(network)]:
    env.problem(
        f"holds {', '.join(wide)}: whoever stands there, nearly anybody, would be believed to be our proxy.",
        name="TRUSTED_PROXIES",
        fix="Name the networks in which the proxies stand.",
    )
if "sandbox" in PROVIDER_ORDER["llm"] and not ALLOW_SANDBOX:
    env.problem(
        "is false, but no provider has a key, or LLM_PROVIDERS names the sandbox: it would write the documents.",
        name="ALLOW_SANDBOX",
        fix="Set a provider's key (.env.example, Models).",
    )

if CONFIRM_EMAIL and not SENDS_EMAIL:
    env.problem(
        "wants a mail server, or nobody who registers can log in.",
        name="CONFIRM_EMAIL",
        fix="Set EMAIL_HOST.",
    )
if EMAIL_USE_TLS and EMAIL_USE_SSL and SENDS_EMAIL:
    env.problem("and EMAIL_USE_TLS exclude each other.", name="EMAIL_USE_SSL", fix="Set EMAIL_USE_TLS=false.")
if SENDS_EMAIL and not env.is_set("PUBLIC_URL"):
    env.problem("must be set, as links in e-mails begin with it.", name="PUBLIC_URL")

IS_PRODUCTION = True
LOG_FORMAT = "json"
LOGGING = logging_config(level=LOG_LEVEL.upper(), json=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # of TRUSTED_PROXIES only: config.middleware
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True, help="Send http to https")
SECURE_REDIRECT_EXEMPT = [r"^health"]
SECURE_HSTS_SECONDS = env.int(
    "SECURE_HSTS_SECONDS", default=3600, min=0, help="How long browsers insist on https; 0: not at all"
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False, help="Whether they insist on it for all subdomains, too"
)
SECURE_HSTS_PRELOAD = env.bool(
    "SECURE_HSTS_PRELOAD", default=False, help="Whether browsers may ship with this host in their lists"
)
if SECURE_HSTS_PRELOAD and not (SECURE_HSTS_INCLUDE_SUBDOMAINS and SECURE_HSTS_SECONDS >= 31_536_000):
    env.problem(
        "needs SECURE_HSTS_INCLUDE_SUBDOMAINS=true and SECURE_HSTS_SECONDS of at least 31536000.",
        name="SECURE_HSTS_PRELOAD",
    )
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
WHITENOISE_USE_FINDERS = False
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
env.done()
