"""The mesh itself on pages of the admin, to be turned."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.api.sending import file_response
from generation.services.file_links import file_link
from generation.services.files import file_open
from models3d.domain.viewing import orbit
from models3d.models import ModelVersion

MESH = "models3d_modelversion_mesh"


class ViewerScripts:
    """`Media` of the pages that show a mesh."""

    js = ("model_viewer/settings.js", Script("model_viewer/model-viewer.min.js", type="module"))


class MeshAddress:
    """For the admin of versions: where its viewer reads the mesh. From us, whatever the storage: a bucket lets no
    script of ours read without rules of its own."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.mesh)  # type: ignore[attr-defined]
        return [path("<uuid:pk>/mesh.glb", view, name=MESH), *super().get_urls()]  # type: ignore[misc]

    def mesh(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        version = get_object_or_404(ModelVersion.objects.select_related("viewer", "file"), pk=pk)
        if not self.has_view_permission(request, version):  # type: ignore[attr-defined]
            raise PermissionDenied
        file = version.viewer or version.file
        return file_response(
            request,
            file_open(file),
            size=file.size,
            tag=file.content_tag,
            media_type=file.media_type,
            name=file.name,
            max_age=0,
        )


def viewer(version: ModelVersion | None, name: str) -> SafeString | str:
    """The mesh behind its preview; the preview alone without scripts."""
    if version is None:
        return "–"
    shown = {
        "source": reverse(f"admin:{MESH}", args=[version.pk]),
        "poster": file_link(version.preview).url,
        "name": name,
        "orbit": orbit(version.report["size_mm"]),
    }
    return format_html('<div class="mesh">{}</div>', render_to_string("gallery/viewer.html", shown))
