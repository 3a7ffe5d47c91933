"""The composition root of all addresses."""

from django.contrib import admin
from django.urls import include, path, re_path

from config import health
from config.api.docs import api_not_found, index
from config.api.docs import urlpatterns as docs

admin.autodiscover()

api = [
    path("models", include("models3d.api.urls")),  # before others: the gallery is what most people ask for
    path("", include("accounts.api.urls")),
    path("", include("prompts.api.urls")),
    path("conversations", include("conversations.api.urls")),
    path("templates", include("templates.api.urls")),
    path("me/", include("models3d.api.me_urls")),
    path("", include("generation.api.urls")),
]
urlpatterns = [
    path("api/v1/", include(api)),
    path("", index),
    *docs,
    *health.urlpatterns,
    path("i18n/", include("django.conf.urls.i18n")),  # the admin's choice of language
    path("admin/", admin.site.urls),
    path("", include("accounts.api.page_urls")),
    path("", include("generation.api.file_urls")),
    path("", include("conversations.api.page_urls")),
    path("", include("models3d.api.page_urls")),
    re_path(r"^api(?:/[\s\S]*)?\Z", api_not_found),
]

handler400 = "config.api.exceptions.bad_request"
handler403 = "config.api.exceptions.permission_denied"
handler404 = "config.api.exceptions.not_found"
handler500 = "config.api.exceptions.server_error"
