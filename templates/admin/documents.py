"""Documents in the admin: read as they will be seen, taken along, changed and deleted as their owners do it."""

import io
from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.admin.base import ReadOnlyAdmin, ServiceAdmin
from config.admin.cells import badge, link_to
from config.admin.filters import ConditionFilter
from config.admin.forms import TextAreaField
from config.filenames import safe_filename
from config.money import money
from config.validators import validate_name
from generation.domain.origins import is_small_model
from templates.models import Document, DocumentVersion
from templates.models.documents import LONGEST_TEXT, STALE, STALE_CONDITION, validate_text
from templates.services.documents import document_delete, document_update
from templates.services.exports import document_file, ready_to_export

VERSIONS_SHOWN = 20
TEXT_ROWS = 24
MEDIA_TYPES = {"md": "text/markdown", "html": "text/html"}


class StaleFilter(ConditionFilter):
    title = _("state")
    parameter_name = "state"

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        return [("stale", _("stale"), STALE_CONDITION), ("fresh", _("up to date"), ~STALE_CONDITION)]


def preview(markdown: str) -> str:
    """The document as HTML. `markdown_to_html` sanitizes: what a model wrote can't run here."""
    from config.markdown.sanitized import markdown_to_html

    return mark_safe(markdown_to_html(markdown).html)  # noqa: S308


class DocumentForm(forms.ModelForm):
    title = forms.CharField(
        label=_("title"),
        max_length=Document._meta.get_field("title").max_length,
        validators=[validate_name],
        widget=UnfoldAdminTextInputWidget,
    )
    content = TextAreaField(
        label=_("content"),
        max_length=LONGEST_TEXT,
        strip=False,
        validators=[validate_text],
        widget=UnfoldAdminTextareaWidget(attrs={"rows": TEXT_ROWS}),
        help_text=_(
            "Markdown. A change makes a new version, marked as a person's, which no batch writes over unasked; the "
            "first heading becomes the title."
        ),
    )

    class Meta:
        model = Document
        fields = ("title",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        latest = self.instance.latest
        self.initial["content"] = latest.content if latest else ""


@admin.register(Document)
class DocumentAdmin(ServiceAdmin):
    form = DocumentForm
    goes_along = (DocumentVersion,)
    given_once = ()
    list_display = (
        "title",
        "project",
        "content_template",
        "language",
        "version",
        "freshness",
        "owner",
        "updated_at",
    )
    list_filter = (StaleFilter, "language", "content_template__category", "provider", "created_at")
    list_select_related = ("project", "content_template", "owner")
    search_keys = ("pk", "project_id", "content_template_id", "owner_id")
    search_fields = ("title",)
    search_related: ClassVar = {"project": ("code__exact",)}
    search_help_text = _("An id, a part of a title, a project's code, or the beginning of a user's name")
    sortable_by = ("version",)
    change_form_after_template = "admin/templates/document_preview.html"
    readonly_fields = (
        *("project_link", "template_link", "language", "source_language", "freshness", "owner"),
        *("provider", "model", "characters", "version", "created_at", "updated_at"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("project_link", "template_link"),
                    ("language", "source_language"),
                    ("freshness", "owner"),
                )
            },
        ),
        (
            _("Made by"),
            {"fields": (("provider", "model"), ("characters", "version"), ("created_at", "updated_at"))},
        ),
    )
    text_fieldset = (_("Text"), {"fields": ("title", "content")})

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.download)
        name = "templates_document_download"
        return [
            path("<uuid:pk>/download/", view, {"extension": "md"}, name=name),
            path("<uuid:pk>/download/<str:extension>/", view, name=name),
            *super().get_urls(),
        ]

    def download(self, request: HttpRequest, pk: UUID, extension: str) -> FileResponse:
        """The document as a file, under its title."""
        document = get_object_or_404(ready_to_export(self.get_queryset(request)), pk=pk)
        if not self.has_view_permission(request, document):
            raise PermissionDenied
        if extension not in MEDIA_TYPES:
            raise Http404
        name = safe_filename(document.title, f".{extension}")
        kind = f"{MEDIA_TYPES[extension]}; charset=utf-8"
        file = io.BytesIO(document_file(document, extension))
        return FileResponse(file, as_attachment=True, filename=name, content_type=kind)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).annotate(is_stale=STALE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Document | None = None) -> Any:
        """Who may only look sees the text as it will be seen."""
        may_change = self.has_change_permission(request, obj)
        return (*self.fieldsets, self.text_fieldset) if may_change else self.fieldsets

    def change(self, row: Document, **changes: str) -> None:
        document_update(document=Document.objects.select_for_update().get(pk=row.pk), **changes)

    def remove(self, row: Document) -> None:
        document_delete(document=row)

    @display(description=_("state"))
    def freshness(self, document: Any) -> Any:
        return badge(_("stale"), "warning") if document.is_stale else badge(_("up to date"), "success")

    @display(description=_("project"))
    def project_link(self, document: Document) -> Any:
        return link_to(document.project)

    @display(description=_("content template"))
    def template_link(self, document: Document) -> Any:
        return link_to(document.content_template)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        document = kwargs.get("obj")
        if document is not None:
            versions = document.versions.defer("content").order_by("-number")
            context |= {
                "preview": preview(document.latest.content) if document.latest else "",
                "is_small_model": is_small_model(document.provider),
                "preview_language": document.language,
                "versions": versions[:VERSIONS_SHOWN],
            }
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(DocumentVersion)
class DocumentVersionAdmin(ReadOnlyAdmin):
    list_display = ("title", "number", "source_language", "provider", "model", "tokens", "cost", "created_at")
    list_filter = ("source_language", "created_at")
    search_keys = ("pk", "document_id", "job_id")
    search_fields = ("title",)
    search_help_text = _("The id of a version, document or job, or a part of a title")
    sortable_by = ("number",)
    change_form_after_template = "admin/templates/document_preview.html"
    fieldsets = (
        (None, {"fields": ("document_link", "number", "source_language")}),
        (_("Made by"), {"fields": (("provider", "model"), ("tokens", "cost"), "job_link", "created_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DocumentVersion]:
        """Lists don't read the texts."""
        versions = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("changelist")
        return versions.defer("content") if is_list else versions

    @display(description=_("tokens in · out"))
    def tokens(self, version: DocumentVersion) -> str:
        return f"{version.input_tokens:,} · {version.output_tokens:,}"

    @display(description=_("cost"))
    def cost(self, version: DocumentVersion) -> str:
        return money(version.cost_micros)

    @display(description=_("document"))
    def document_link(self, version: DocumentVersion) -> Any:
        return link_to(version.document)

    @display(description=_("job"))
    def job_link(self, version: DocumentVersion) -> Any:
        return link_to(version.job)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        version = kwargs.get("obj")
        if version is not None:
            context |= {
                "preview": preview(version.content),
                "preview_language": version.document.language,
                "is_small_model": is_small_model(version.provider),
            }
        return super().render_change_form(request, context, *args, **kwargs)
