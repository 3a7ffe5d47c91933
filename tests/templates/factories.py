"""Rows of the document factory for tests."""

from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import User
from generation.jobs import runner
from generation.models import Job
from templates.models import Category, ContentTemplate, Document, DocumentVersion, Project, TemplateBatch
from templates.services.batches import batch_create, batch_item_counts
from templates.services.plans import BatchOptions
from templates.services.sources import content_template_create, project_create

_numbers = count(1)


def user_make(name: str = "") -> User:
    name = name or f"user{next(_numbers)}"
    return User.objects.create(username=name, email=f"{name}@example.org")


def category_make(**values: Any) -> Category:
    number = next(_numbers)
    return Category.objects.create(
        **{
            "code": f"category-{number}",
            "name_zh": f"分类{number}",
            "name_en": f"Category {number}",
            **values,
        }
    )


def content_template_make(**values: Any) -> ContentTemplate:
    number = next(_numbers)
    defaults = {
        "code": f"template-{number}",
        "name_zh": f"模板{number}",
        "name_en": f"Template {number}",
        "prompt_zh": "请介绍 {{name}}。",
        "prompt_en": "Tell about {{name}}.",
        "fingerprint_zh": "tz",
        "fingerprint_en": "te",
    }
    return ContentTemplate.objects.create(
        **{**defaults, "category": values.pop("category", None) or category_make(), **values}
    )


def project_make(owner: User, **values: Any) -> Project:
    number = next(_numbers)
    defaults = {
        "code": f"project-{number}",
        "name_zh": f"项目{number}",
        "name_en": f"Project {number}",
        "fingerprint_zh": "pz",
        "fingerprint_en": "pe",
    }
    return Project.objects.create(owner=owner, **{**defaults, **values})


def document_make(
    owner: User, *, versions: int = 1, content: str = "# 标题\n\n正文 🎉", **values: Any
) -> Document:
    """A document that isn't stale, with so many versions; the latest has the document's title and the content."""
    project = values.pop("project", None) or project_make(owner)
    template = values.pop("content_template", None) or content_template_make()
    defaults = {
        "language": "zh",
        "source_language": "zh",
        "title": f"文档 {next(_numbers)}",
        "version": versions,
        "characters": len(content),
        "project_fingerprint": project.fingerprint_zh,
        "template_fingerprint": template.fingerprint_zh,
        "provider": "sandbox",
        "model": "sandbox-text",
    }
    document = Document.objects.create(
        owner=owner, project=project, content_template=template, **{**defaults, **values}
    )
    for number in range(1, versions + 1):
        document.latest = DocumentVersion.objects.create(
            document=document,
            number=number,
            title=document.title,
            content=content,
            project_fingerprint=document.project_fingerprint,
            template_fingerprint=document.template_fingerprint,
            source_language=document.source_language,
            provider=document.provider,
            model=document.model,
            input_tokens=10,
            output_tokens=20,
            cost_micros=9_007_199_254_740_993,
        )
    document.save()
    return document


# -- by the doors that the product uses ----------------------------------------------------------------------------


def project_of(owner: User, **texts: str) -> Project:
    """A project with Chinese and English texts and true fingerprints."""
    number = next(_numbers)
    defaults = {
        "code": f"project-{number}",
        "name_zh": f"项目{number} 🌱",
        "name_en": f"Project {number}",
        "description_zh": f"第{number}个项目：为社区茶馆提供预约与会员管理，老人也能轻松使用。",
        "description_en": f"Project number {number}: bookings and memberships that older guests can use, too.",
        "website": f"https://p{number}.example.com",
    }
    return project_create(owner_id=owner.pk, **{**defaults, **texts})


def template_of(
    owner: User | None = None, *, category: Category | None = None, **fields: Any
) -> ContentTemplate:
    """A template (shared without an owner) whose prompts read one language only."""
    number = next(_numbers)
    defaults = {
        "code": f"recipe-{number}",
        "name_zh": f"文档{number}",
        "name_en": f"Document {number}",
        "description_zh": "一页说清产品。",
        "description_en": "The product on one page.",
        "prompt_zh": "为 {{project_name}} 写一份文档。\n\n## 背景\n\n## 风险",
        "prompt_en": "Write a document about {{project_name}}.\n\n## Background\n\n## Risks",
    }
    category = category or category_make()
    return content_template_create(
        owner_id=owner.pk if owner else None, category_code=category.code, **{**defaults, **fields}
    )


def options(**changes: Any) -> BatchOptions:
    return BatchOptions(**changes)


def batch_of(owner: User, **changes: Any) -> TemplateBatch:
    """A batch that is written down and begun; none of its items has run."""
    batch = batch_create(owner_id=owner.pk, options=BatchOptions(**changes), publish=False)
    runner.run(batch.job_id, publish=False)
    return batch


def run_items(batch: TemplateBatch, most: int | None = None) -> None:
    """Run the items that may start, one after the other; after each the states sum to the total."""
    done = 0
    while (most is None or done < most) and runner.run_next_child(batch.job_id):
        done += 1
        assert sum(batch_item_counts(batch).values()) == batch.total


def fresh(batch: TemplateBatch) -> TemplateBatch:
    """The batch as another process reads it."""
    return TemplateBatch.objects.select_related("job").get(pk=batch.pk)


def counts(batch: TemplateBatch) -> dict[str, int]:
    """How many items are in which state; they always sum to the total."""
    found = batch_item_counts(batch)
    assert sum(found.values()) == batch.total
    return {state: count for state, count in found.items() if count}


def finish(batch: TemplateBatch, rounds: int = 12) -> dict[str, int]:
    """Run a batch to its end, without its waits; returns how many items are in which state."""
    for _ in range(rounds):
        Job.objects.filter(parent_id=batch.job_id, status="queued").update(not_before=timezone.now())
        run_items(batch)
        if Job.objects.get(pk=batch.job_id).is_terminal:
            break
    return counts(batch)


def generate(owner: User, **changes: Any) -> TemplateBatch:
    """A batch that has run to its end."""
    batch = batch_of(owner, **changes)
    finish(batch)
    return batch


def errors_of(batch: TemplateBatch) -> list[str]:
    """The codes that its items failed with, by position."""
    rows = Job.objects.filter(parent_id=batch.job_id, status="failed").order_by("position")
    return [job.error["code"] for job in rows]


def cell_of(document: Document) -> tuple[str, str, str]:
    return document.project.code, document.content_template.code, document.language


def documents_of(owner: User, **which: Any) -> dict[tuple[str, str, str], Document]:
    """The owner's documents by project, template and language."""
    rows = Document.objects.owned_by(owner.pk).filter(**which)
    return {cell_of(row): row for row in rows.select_related("project", "content_template", "latest")}


def stale_cells(owner: User) -> set[tuple[str, str, str]]:
    rows = Document.objects.owned_by(owner.pk).stale().select_related("project", "content_template")
    return {cell_of(row) for row in rows}
