"""Documents: list, read, earlier versions, export."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from config.api.files import file_stream
from config.api.lists.filters import (
    AnyOf,
    BoolFilter,
    ChoiceFilter,
    SearchFilter,
    TextFilter,
    UuidFilter,
    time_range,
)
from config.api.lists.views import DetailApi, ListApi
from config.api.schema import operation
from config.api.views import ApiView, Detail, NoContent
from config.errors import PreconditionFailedError
from config.languages import Language
from templates.api.serializers.documents import (
    DocumentDetailOut,
    DocumentExportIn,
    DocumentOut,
    DocumentUpdateIn,
    DocumentVersionOut,
)
from templates.errors import DocumentBusyError, ExportEmptyError, ExportTooLargeError
from templates.models.documents import STALE_CONDITION
from templates.selectors import document_list_for, document_version_list_for
from templates.services.documents import document_delete, document_update
from templates.services.exports import (
    ExportFormat,
    document_html,
    documents_to_export,
    export_jsonl,
    export_zip,
)


class DocumentListApi(ListApi):
    scope = "templates"
    read_model = DocumentOut
    selector = document_list_for
    filters = {
        "project_id": UuidFilter(),
        "content_template_id": UuidFilter(),
        "job_id": UuidFilter("versions__job_id", help="What this job wrote."),
        "batch_id": UuidFilter("versions__job__parent_id", help="What this batch wrote."),
        "category_code": TextFilter("content_template__category__code"),
        "language": AnyOf(ChoiceFilter(Language)),
        "is_stale": BoolFilter(STALE_CONDITION),
        "search": SearchFilter(help="Words anywhere in the title."),
        **time_range("created_at"),
        **time_range("updated_at"),
    }
    sorts = ("created_at", "updated_at", "title", "characters")
    summary = "List documents"


class DocumentApi(DetailApi):
    scope = "templates"
    read_model = DocumentDetailOut
    selector = document_list_for
    summary = "Read a document"

    @operation(
        "Change a document",
        description=(
            "A new version, marked as a person's (`is_edited`): no batch writes over it unless it is told to "
            "(`overwrite_edited`). Translations of the document turn stale."
        ),
        request=DocumentUpdateIn,
        request_example={"title": "云上茶馆：产品简介", "content": "# 云上茶馆：产品简介\n\n…"},
        errors=(PreconditionFailedError,),
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(DocumentUpdateIn, partial=True)
        with self.changing() as document:
            document_update(document=document, **changes)
        return self.shown()

    @operation("Delete a document with its versions", status=204, errors=(DocumentBusyError,))
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with transaction.atomic():
            document_delete(document=self.row(lock=True))
        return NoContent()


class DocumentVersionListApi(ListApi):
    scope = "templates"
    read_model = DocumentVersionOut
    selector = document_version_list_for
    parent = document_list_for
    sorts = ("number", "created_at")
    default_sort = "-number"
    summary = "List a document's versions"


class DocumentExportApi(ApiView):
    """Files, not JSON: the envelope stays away."""

    scope = "templates"

    @operation(
        "Export documents",
        description=(
            "`zip` holds Markdown and HTML (`markdown` and `html`: only that; `html` of one document is that page), "
            "`jsonl` one JSON object a line. HTML is sanitized and prints well. At most 5,000 documents; narrow the "
            "choice with the filters."
        ),
        media_types=("application/zip", "application/x-ndjson", "text/html"),
        errors=(ExportEmptyError, ExportTooLargeError),
        parameters=[DocumentExportIn],
        operation_id="exportDocuments",
    )
    def get(self, request: Request) -> HttpResponseBase:
        wanted = self.read_query(DocumentExportIn)
        format_ = wanted["format"]
        documents = documents_to_export(owner_id=self.caller.pk, **wanted)
        if format_ == ExportFormat.JSONL:
            lines, kind = export_jsonl(documents), "application/x-ndjson; charset=utf-8"
            return file_stream(lines, content_type=kind, name="documents.jsonl")
        if format_ == ExportFormat.HTML and "document_id" in wanted:
            return _page(document_html(documents.get()))
        formats = {"zip": ("md", "html"), "markdown": ("md",), "html": ("html",)}[format_]
        chunks = export_zip(documents, formats=formats)
        return file_stream(chunks, content_type="application/zip", name="documents.zip")


def _page(html: str) -> HttpResponse:
    from templates.domain.html.page import CONTENT_SECURITY_POLICY

    return HttpResponse(
        html,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; sandbox; frame-ancestors 'none'"},
    )
