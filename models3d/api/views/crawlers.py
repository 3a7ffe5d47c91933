"""What search engines may read, and where public models are."""

from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from models3d.api.pages import DOWNLOAD, MODEL, REPORT, SITEMAP
from models3d.selectors.gallery import public_model_list

#: A sitemap may have 50,000 addresses; older models are found from page to page.
NEWEST = 5_000


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    closed = ["/admin/", "/api/", *(reverse(route, args=["*"]) for route in (DOWNLOAD, REPORT))]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    sitemap = request.build_absolute_uri(reverse(SITEMAP))
    return HttpResponse(
        "\n".join([*lines, f"Sitemap: {sitemap}", ""]), content_type="text/plain; charset=utf-8"
    )


@require_safe
@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    rows = public_model_list().order_by("-published_at", "-pk").values_list("pk", "published_at")[:NEWEST]
    places = [
        f"<url><loc>{escape(request.build_absolute_uri(reverse(MODEL, args=[pk])))}</loc>"
        f"<lastmod>{published_at:%Y-%m-%d}</lastmod></url>"
        for pk, published_at in rows
    ]
    text = "".join(['<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', *places, "</urlset>"])
    return HttpResponse(text, content_type="application/xml")
