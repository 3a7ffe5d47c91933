"""The addresses that explain the API: the index, the schema, and two readers for it from installed packages."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

from config.api.exceptions import not_found
from config.api.renderers import JSON, success_body, to_json


def index(request: HttpRequest) -> HttpResponse:
    """What this is and where to go from here."""
    facts = {
        "name": settings.SPECTACULAR_SETTINGS["TITLE"],
        "version": settings.SPECTACULAR_SETTINGS["VERSION"],
        "links": {
            "api": "/api/v1",
            "docs": "/docs",
            "redoc": "/redoc",
            "openapi": "/openapi.json",
            "health": "/health",
            "admin": "/admin/",
        },
    }
    return HttpResponse(success_body(facts), content_type=JSON)


def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(schema_json(), content_type=JSON)


@lru_cache(maxsize=1)
def schema_json() -> bytes:
    """The schema of all addresses; it can't change while the process lives, and making it takes a while.

    In English whoever asks first: names of choices that are translated go into ids of the schema.
    """
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    with translation.override("en"):
        return to_json(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


@csrf_exempt
def api_not_found(request: HttpRequest) -> HttpResponse:
    """Stands behind all API addresses, so that an unknown one is JSON by every method, and in development, too."""
    return not_found(request)


urlpatterns = [
    path("openapi.json", openapi, name="openapi"),
    path("docs", SpectacularSwaggerView.as_view(url_name="openapi"), name="docs"),
    path(
        "redoc",
        SpectacularRedocView.as_view(url_name="openapi", template_name="platform/redoc.html"),
        name="redoc",
    ),
]
