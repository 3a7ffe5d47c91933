"""The gallery's pages, outside of /api/v1."""

from django.urls import path
from django.views.generic import RedirectView

from models3d.api import pages
from models3d.api.views.crawlers import robots, sitemap
from models3d.api.views.page_downloads import download_page
from models3d.api.views.pages import gallery, model_file, model_page, model_report

urlpatterns = [
    path("gallery", gallery, name=pages.GALLERY),
    path("gallery/", RedirectView.as_view(pattern_name=pages.GALLERY, permanent=True, query_string=True)),
    path("robots.txt", robots),
    path("gallery/sitemap.xml", sitemap, name=pages.SITEMAP),
    path("gallery/<str:model_id>", model_page, name=pages.MODEL),
    path("gallery/<str:model_id>/download", download_page, name=pages.DOWNLOAD),
    path("gallery/<str:model_id>/report", model_report, name=pages.REPORT),
    path("gallery/<str:model_id>/<str:name>", model_file, name=pages.FILE),
]
