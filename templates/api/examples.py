"""What the documentation of the API shows."""

from typing import Any

TAG = "templates"

TIMES = {"created_at": "2026-01-31T08:00:00.000000Z", "updated_at": "2026-02-01T09:30:00.250000Z"}
PROJECT_BRIEF = {
    "id": "019a6f5e-7c1d-7a40-9d55-2f0f3f1c5b11",
    "code": "tea-house",
    "name_zh": "云上茶馆",
    "name_en": "Cloud Tea House",
}
PROJECT = {
    **PROJECT_BRIEF,
    "description_zh": "为社区茶馆提供预约与会员管理。",
    "description_en": "Bookings and memberships for community tea houses.",
    "website": "https://tea.example.com",
    **TIMES,
}
PROJECT_IN = {
    name: PROJECT[name] for name in ("name_zh", "name_en", "description_zh", "description_en", "website")
}
CONTENT_TEMPLATE_BRIEF = {
    "id": "019a6f5e-7c1d-7a40-9d55-30a5c1d2e3f4",
    "code": "product-brief",
    "name_zh": "产品简介",
    "name_en": "Product brief",
}
CONTENT_TEMPLATE: dict[str, Any] = {
    **CONTENT_TEMPLATE_BRIEF,
    "category": {
        "id": "019a6f5e-7c1d-7a40-9d55-31a5c1d2e3f4",
        "code": "product",
        "name_zh": "产品定义",
        "name_en": "Product definition",
    },
    "description_zh": "一页说清产品。",
    "description_en": "The product on one page.",
    "prompt_zh": "为 {{project_name}} 写一份产品简介。",
    "prompt_en": "Write a product brief for {{project_name}}.",
    "order": 1,
    "is_active": True,
    "is_shared": True,
    **TIMES,
}
CONTENT_TEMPLATE_IN = {
    "category_code": "product",
    **{name: CONTENT_TEMPLATE[name] for name in ("name_zh", "name_en", "prompt_zh", "prompt_en")},
}
DOCUMENT = {
    "id": "019a6f60-11aa-7b10-8a3e-5d6c7b8a9f00",
    "project": PROJECT_BRIEF,
    "content_template": CONTENT_TEMPLATE_BRIEF,
    "language": "zh",
    "source_language": "zh",
    "title": "云上茶馆：产品简介",
    "version": 2,
    "characters": 1834,
    "is_stale": False,
    "provider": "sandbox",
    "model": "sandbox",
    "is_small_model": False,
    **TIMES,
}
DOCUMENT_VERSION = {
    "id": "019a6f60-11aa-7b10-8a3e-5d6c7b8a9f01",
    "number": 2,
    "title": "云上茶馆：产品简介",
    "created_at": "2026-02-01T09:30:00.250000Z",
}
DOCUMENT_VERSION_WHOLE = {
    **DOCUMENT_VERSION,
    "content": "# 云上茶馆\n\n…",
    "source_language": "zh",
    "provider": "sandbox",
    "model": "sandbox",
    "is_small_model": False,
    "input_tokens": 812,
    "output_tokens": 1204,
    "cost_micros": 0,
    "job_id": "019a6f60-11aa-7b10-8a3e-5d6c7b8a9f02",
}
BATCH_IN = {"languages": ["zh", "en"], "category_code": "product", "limit": 5}
BATCH = {
    "id": "019a6f61-22bb-7c20-9b4f-6e7d8c9b0a11",
    "job_id": "019a6f61-22bb-7c20-9b4f-6e7d8c9b0a12",
    "status": "running",
    "total": 12,
    "counts": {"pending": 4, "running": 3, "succeeded": 4, "skipped": 1, "failed": 0, "cancelled": 0},
    "params": BATCH_IN,
    "error": None,
    "created_at": TIMES["created_at"],
    "started_at": TIMES["created_at"],
    "paused_at": None,
    "finished_at": None,
}
BATCH_ITEM = {
    "id": "019a6f61-22bb-7c20-9b4f-6e7d8c9b0a13",
    "position": 1,
    "status": "succeeded",
    "project": PROJECT_BRIEF,
    "content_template": CONTENT_TEMPLATE_BRIEF,
    "language": "zh",
    "skip_reason": "",
    "job_id": "019a6f61-22bb-7c20-9b4f-6e7d8c9b0a14",
    "document_id": DOCUMENT["id"],
    "attempt": 1,
    "error": None,
    "finished_at": TIMES["updated_at"],
}
