"""Endpoints of the document factory."""

from config.api.lists import BoolFilter, ChoiceFilter, SearchFilter, TextFilter, UuidFilter, time_range
from config.api.lists.views import DetailApi, ListApi
from templates.api.serializers import LANGUAGES, DocumentDetailOut, DocumentOut, DocumentVersionOut
from templates.models.documents import STALE_CONDITION
from templates.selectors import document_get_for, document_list_for, document_version_list_for

TAG = "templates"
PROJECT_EXAMPLE = {
    "id": "019a6f5e-7c1d-7a40-9d55-2f0f3f1c5b11",
    "code": "tea-house",
    "name_zh": "云上茶馆",
    "name_en": "Cloud Tea House",
}
CONTENT_TEMPLATE_EXAMPLE = {
    "id": "019a6f5e-7c1d-7a40-9d55-30a5c1d2e3f4",
    "code": "product-brief",
    "name_zh": "产品简介",
    "name_en": "Product brief",
}
DOCUMENT_EXAMPLE = {
    "id": "019a6f60-11aa-7b10-8a3e-5d6c7b8a9f00",
    "project": PROJECT_EXAMPLE,
    "content_template": CONTENT_TEMPLATE_EXAMPLE,
    "language": "zh",
    "source_language": "zh",
    "title": "云上茶馆：产品简介",
    "version": 2,
    "characters": 1834,
    "is_stale": False,
    "provider": "sandbox",
    "model": "sandbox-text",
    "created_at": "2026-01-31T08:00:00.000000Z",
    "updated_at": "2026-02-01T09:30:00.250000Z",
}
VERSION_EXAMPLE = {
    "id": "019a6f60-11aa-7b10-8a3e-5d6c7b8a9f01",
    "number": 2,
    "title": "云上茶馆：产品简介",
    "created_at": "2026-02-01T09:30:00.250000Z",
}


class DocumentListApi(ListApi):
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
    example = [DOCUMENT_EXAMPLE]


class DocumentApi(DetailApi):
    read_model = DocumentDetailOut
    selector = document_get_for
    summary = "Read a document"
    tag = TAG
    example = {**DOCUMENT_EXAMPLE, "content": "# 云上茶馆\n\n…", "versions": [VERSION_EXAMPLE]}


class DocumentVersionListApi(ListApi):
    read_model = DocumentVersionOut
    selector = document_version_list_for
    parent = document_get_for
    sorts = ("number", "created_at")
    default_sort = "-number"
    summary = "List a document's versions"
    tag = TAG
    example = [
        {
            **VERSION_EXAMPLE,
            "content": "# 云上茶馆\n\n…",
            "source_language": "zh",
            "provider": "sandbox",
            "model": "sandbox-text",
            "input_tokens": 812,
            "output_tokens": 1204,
            "cost_micros": 0,
            "job_id": "019a6f60-11aa-7b10-8a3e-5d6c7b8a9f02",
        }
    ]
