"""The product's settings with the framework's own parts where the product has its own."""

from benchmarks.settings import *  # noqa: F403 — settings modules build on each other

ROOT_URLCONF = "benchmarks.plain.urls"
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
}
