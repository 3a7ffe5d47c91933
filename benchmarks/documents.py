"""The data that the benchmarks of the API read: users with projects and documents in two languages."""

import secrets
from itertools import product
from typing import Any

from accounts.models import User
from templates.models import Category, ContentTemplate, Document, DocumentVersion, Project

TEMPLATES_PER_PROJECT = 6
LANGUAGES = ("zh", "en")
CONTENT = "# 云上茶馆\n\n" + "这是一段中英文混排的正文，mixed with English words, 长度与真实文档相近。\n" * 25
CHUNK = 2000


def documents_make(users: int, per_user: int) -> list[User]:
    """So many users with at least so many documents each, one version per document."""
    templates = _templates()
    made = []
    for number in range(users):
        name = f"bench-{secrets.token_hex(4)}-{number}"
        owner = User.objects.create(username=name, email=f"{name}@example.org")
        _documents(owner, templates, per_user)
        made.append(owner)
    return made


def _templates() -> list[ContentTemplate]:
    category = Category.objects.create(
        code=f"bench-{secrets.token_hex(4)}", name_zh="产品", name_en="Product"
    )
    return ContentTemplate.objects.bulk_create(
        ContentTemplate(
            category=category,
            code=f"bench-{secrets.token_hex(4)}",
            name_zh=f"产品简介{number}",
            name_en=f"Product brief {number}",
            prompt_zh="请介绍 {{name}}。",
            prompt_en="Tell about {{name}}.",
            fingerprint_zh=f"{number:064x}",
            fingerprint_en=f"{number:064x}",
        )
        for number in range(TEMPLATES_PER_PROJECT)
    )


def _documents(owner: User, templates: list[ContentTemplate], count: int) -> None:
    projects = Project.objects.bulk_create(
        Project(
            owner=owner,
            code=f"project-{number}",
            name_zh=f"云上茶馆{number}号店",
            name_en=f"Cloud Tea House no. {number}",
            fingerprint_zh=f"{number:064x}",
            fingerprint_en=f"{number:064x}",
        )
        for number in range(-(-count // (TEMPLATES_PER_PROJECT * len(LANGUAGES))))
    )
    documents = [
        Document(**_document(owner, project, template, language))
        for project, template, language in product(projects, templates, LANGUAGES)
    ]
    Document.objects.bulk_create(documents, batch_size=CHUNK)
    versions = DocumentVersion.objects.bulk_create(
        (_version(document) for document in documents), batch_size=CHUNK
    )
    for document, version in zip(documents, versions, strict=True):
        document.latest = version
    Document.objects.bulk_update(documents, ["latest"], batch_size=CHUNK)


def _document(owner: User, project: Project, template: ContentTemplate, language: str) -> dict[str, Any]:
    return {
        "owner": owner,
        "project": project,
        "content_template": template,
        "language": language,
        "source_language": language,
        "title": f"{project.name_zh} {project.name_en}：{template.name_zh}",
        "characters": len(CONTENT),
        "project_fingerprint": project.fingerprint_zh,
        "template_fingerprint": template.fingerprint_zh,
        "provider": "sandbox",
        "model": "sandbox-text",
    }


def _version(document: Document) -> DocumentVersion:
    return DocumentVersion(
        document=document,
        number=1,
        title=document.title,
        content=CONTENT,
        project_fingerprint=document.project_fingerprint,
        template_fingerprint=document.template_fingerprint,
        source_language=document.source_language,
        provider=document.provider,
        model=document.model,
    )
