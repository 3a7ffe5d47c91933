"""Documents: list, read, earlier versions, export."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.services import activity_record
from config.api.files import file_stream
from config.api.lists import BoolFilter, ChoiceFilter, SearchFilter, TextFilter, UuidFilter, time_range
from config.api.lists.views import DetailApi, ListApi
from config.api.schema import operation
from config.api.views import ApiView
from templates.api.examples import DOCUMENT, DOCUMENT_VERSION, DOCUMENT_VERSION_WHOLE, TAG
from templates.api.serializers import (
    LANGUAGES,
    DocumentDetailOut,
    DocumentExportIn,
    DocumentOut,
    DocumentVersionOut,
)
from templates.errors import ExportEmptyError, ExportTooLargeError
from templates.models.actions import Action, ObjectType
from templates.models.documents import STALE_CONDITION
from templates.selectors import (
    document_export_for,
    document_get_for,
    document_list_for,
    document_version_list_for,
)
from templates.services.exports import document_html, documents_to_export, export_jsonl, export_zip


class DocumentListApi(ListApi):
    scope = "templates"
    read_model = DocumentOut
    selector = document_list_for
    filters = {
        "project_id": UuidFilter(),
        "content_template_id": UuidFilter(),
        "category_code": TextFilter("content_template__category__code"),
        "language": ChoiceFilter(LANGUAGES),
        "is_stale": BoolFilter(STALE_CONDITION),
        "search": SearchFilter("title", help="Text anywhere in the title."),
        **time_range("created_at"),
        **time_range("updated_at"),
    }
    sorts = ("created_at", "updated_at", "title", "characters")
    summary = "List documents"
    tag = TAG
    example = DOCUMENT


class DocumentApi(DetailApi):
    scope = "templates"
    read_model = DocumentDetailOut
    selector = document_get_for
    summary = "Read a document"
    tag = TAG
    example = {**DOCUMENT, "content": "# 云上茶馆\n\n…", "versions": [DOCUMENT_VERSION]}


class DocumentVersionListApi(ListApi):
    scope = "templates"
    read_model = DocumentVersionOut
    selector = document_version_list_for
    parent = document_get_for
    sorts = ("number", "created_at")
    default_sort = "-number"
    summary = "List a document's versions"
    tag = TAG
    example = DOCUMENT_VERSION_WHOLE


class DocumentExportApi(ApiView):
    """Files, not JSON: the envelope stays away."""

    scope = "templates"

    @operation(
        "Export documents",
        tag=TAG,
        description=(
            "`zip` holds Markdown and HTML (`markdown` and `html`: only that), `jsonl` one JSON object a line. "
            "HTML is sanitized and prints well. At most 5,000 documents; narrow the choice with the filters."
        ),
        response={"type": "string", "format": "binary"},
        example="(a file)",
        errors=(ExportEmptyError, ExportTooLargeError),
        parameters=[
            OpenApiParameter("format", enum=["zip", "markdown", "html", "jsonl"], default="zip"),
            OpenApiParameter("project_id", {"type": "string", "format": "uuid"}),
            OpenApiParameter("document_id", {"type": "string", "format": "uuid"}),
            OpenApiParameter("category_code"),
            OpenApiParameter("language", enum=list(LANGUAGES)),
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        wanted: dict[str, Any] = self.read_query(DocumentExportIn)
        format_ = wanted.pop("format")
        documents = documents_to_export(document_export_for(self.caller.pk, **wanted))
        activity_record(
            owner_id=self.caller.pk,
            action=Action.EXPORT_DOCUMENTS,
            object_type=ObjectType.DOCUMENT,
            object_id=wanted.get("document_id", ""),
            details={"format": format_},
        )
        if format_ == "jsonl":
            lines, kind = export_jsonl(documents), "application/x-ndjson; charset=utf-8"
            return file_stream(request, lines, content_type=kind, name="documents.jsonl")
        if format_ == "html" and "document_id" in wanted:
            return HttpResponse(document_html(documents.get()), content_type="text/html; charset=utf-8")
        formats = {"zip": ("md", "html"), "markdown": ("md",), "html": ("html",)}[format_]
        chunks = export_zip(documents, formats=formats)
        return file_stream(request, chunks, content_type="application/zip", name="documents.zip")
