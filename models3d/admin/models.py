"""Models, their versions and files in the admin."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import link_to, list_of, page_of
from generation.admin.files import small
from generation.admin.jobs import subject_of
from generation.admin.requests import said_of
from generation.admin.words import job_badge
from models3d.admin.making import MakingActions, report_shown
from models3d.admin.reports import GalleryActions
from models3d.admin.viewer import MeshAddress, ViewerScripts, viewer
from models3d.models import Model3D, ModelFile, ModelVersion

SMALL = 48


@admin.register(Model3D)
class Model3DAdmin(MakingActions, GalleryActions, ReadOnlyAdmin):
    list_display = ("thumbnail", "name", "state", "origin", "visibility", "is_printable", "owner", "created")
    list_display_links = ("thumbnail", "name")
    list_filter = ("origin", "visibility", "is_printable", "created_at")
    list_select_related = ("owner", "job", "current")
    search_keys = ("pk", "owner_id")
    search_fields = ("name",)
    search_help_text = _("The id of a model or an owner, or a part of a name")
    sortable_by = ("created",)
    actions = ("cancel", "retry", "repair")
    actions_detail = ("cancel_one", "retry_one", "repair_one", "take_out_one", "put_back_one")
    fieldsets = (
        (
            None,
            {"fields": ("name", "mesh", "description", "tags", ("state", "owner"), "job_link", "error")},
        ),
        (_("Report"), {"fields": ("report", "versions")}),
        (_("Made from"), {"fields": ("prompt", ("style", "shape"), ("seed", "is_textured"), "remix_of")}),
        (_("Made by"), {"fields": (("provider", "model"), ("asked_model", "is_procedural"))}),
        (
            _("Gallery"),
            {
                "fields": (
                    ("visibility", "published_at"),
                    ("licence", "shows_recipe"),
                    ("hidden_at", "hidden_reason"),
                )
            },
        ),
    )

    class Media(ViewerScripts):
        pass

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model3D]:
        return super().get_queryset(request).prefetch_related("current__preview__thumbnails")

    @display(description=_("created"), ordering="pk")
    def created(self, model: Model3D) -> Any:
        return model.created_at

    @display(description="")
    def thumbnail(self, model: Model3D) -> SafeString | str:
        return small(model.current.preview, SMALL) if model.current else "–"

    @display(description=_("mesh"))
    def mesh(self, model: Model3D) -> SafeString | str:
        return viewer(model.current, model.name)

    @display(description=_("status"))
    def state(self, model: Model3D) -> Any:
        return job_badge(model.job)

    @display(description=_("error"))
    def error(self, model: Model3D) -> str:
        return said_of(model.job.error) or "–"

    @display(description=_("report"))
    def report(self, model: Model3D) -> SafeString | str:
        return report_shown(model.current)

    @display(description=_("versions of 3D models"))
    def versions(self, model: Model3D) -> SafeString:
        links = [(page_of(ModelVersion, one.pk), one) for one in model.versions.order_by("-number")]
        every = f"{list_of(ModelVersion)}?{urlencode({'q': model.pk})}"
        return format_html_join(", ", '<a href="{}">{}</a>', [*links, (every, "…")])

    @display(description=_("job"))
    def job_link(self, model: Model3D) -> Any:
        return link_to(model.job, subject_of(model.job))


@admin.register(ModelVersion)
class ModelVersionAdmin(MeshAddress, ReadOnlyAdmin):
    list_display = ("model_link", "number", "reason", "format", "unit", "created")
    list_display_links = ("number",)
    list_filter = ("reason", "format", "created_at")
    list_select_related = ("model",)
    search_keys = ("pk", "model_id", "file_id")
    search_help_text = _("The id of a version, a model or a file")
    sortable_by = ("created",)
    fields = (
        ("model_link", "number"),
        "shape",
        ("reason", "format"),
        ("unit", "unit_source", "scale"),
        "file_link",
        "report_words",
    )

    class Media(ViewerScripts):
        pass

    @display(description=_("created"), ordering="pk")
    def created(self, version: ModelVersion) -> Any:
        return version.created_at

    @display(description=_("mesh"))
    def shape(self, version: ModelVersion) -> Any:
        return viewer(version, version.model.name)

    @display(description=_("3D model"))
    def model_link(self, version: ModelVersion) -> Any:
        return link_to(version.model)

    @display(description=_("file"))
    def file_link(self, version: ModelVersion) -> Any:
        return link_to(version.file)

    @display(description=_("report"))
    def report_words(self, version: ModelVersion) -> SafeString | str:
        return report_shown(version)


@admin.register(ModelFile)
class ModelFileAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "version_link", "format", "size_um", "file_link")
    list_display_links = ("created_at",)
    list_filter = ("format", "created_at")
    list_select_related = ("version", "file", "job")
    search_keys = ("pk", "version_id", "file_id")
    search_help_text = _("The id of a converted file, a version or a file")
    fields = ("version_link", ("format", "size_um"), "file_link", "job_link", "created_at")

    @display(description=_("version"))
    def version_link(self, file: ModelFile) -> Any:
        return link_to(file.version)

    @display(description=_("file"))
    def file_link(self, file: ModelFile) -> Any:
        return link_to(file.file)

    @display(description=_("job"))
    def job_link(self, file: ModelFile) -> Any:
        return link_to(file.job, subject_of(file.job)) if file.job else "–"
