"""Rows of the document factory for tests."""

from itertools import count
from typing import Any

from accounts.models import User
from templates.models import Category, ContentTemplate, Document, DocumentVersion, Project

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
