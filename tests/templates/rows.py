"""Rows of the document factory for the guards."""

from typing import Any

from accounts.models import User
from templates.models import (
    BatchItem,
    Category,
    ContentTemplate,
    Document,
    DocumentVersion,
    Project,
    TemplateBatch,
)
from tests.support.rows import Maker, another

PRINT = {
    "project_fingerprint": "p",
    "template_fingerprint": "t",
    "source_language": "zh",
    "provider": "sandbox",
}


def category(n: int, owner: User) -> Category:
    return Category.objects.create(code=f"c{n}", name_zh="茶", name_en="Tea")


def project(n: int, owner: User) -> Project:
    return Project.objects.create(
        owner=owner,
        code=f"p{n}",
        name_zh="茶馆",
        name_en="Tea House",
        fingerprint_zh="p",
        fingerprint_en="p",
    )


def template(n: int, owner: User) -> ContentTemplate:
    return ContentTemplate.objects.create(
        owner=owner, category=category(n, owner), code=f"t{n}", name_zh="简介", name_en="Brief", prompt_zh="写",
        prompt_en="Write", fingerprint_zh="t", fingerprint_en="t",
    )  # fmt: skip


def version(n: int, owner: User) -> DocumentVersion:
    document = Document.objects.create(
        owner=owner, project=project(n, owner), content_template=template(n, owner), language="zh",
        title="云上茶馆", **PRINT,
    )  # fmt: skip
    made = DocumentVersion.objects.create(
        document=document,
        number=1,
        title="云上茶馆",
        content="# 茶\n\n<script>alert(1)</script>好",
        **PRINT,
    )
    Document.objects.filter(pk=document.pk).update(latest=made)
    return made


def item(n: int, owner: User) -> BatchItem:
    parent: Any = another("generation.Job", owner)
    batch = TemplateBatch.objects.create(
        id=parent.pk, owner=owner, job=parent, params={"languages": ["zh", "en"]}, total=1
    )
    return BatchItem.objects.create(
        batch=batch, position=1, project=project(n, owner), content_template=template(n, owner),
        language="zh", job=another("generation.Job", owner),
    )  # fmt: skip


MAKERS: dict[str, Maker] = {
    "templates.BatchItem": item,
    "templates.Category": category,
    "templates.ContentTemplate": template,
    "templates.Document": lambda n, owner: version(n, owner).document,
    "templates.DocumentVersion": version,
    "templates.Project": project,
    "templates.TemplateBatch": lambda n, owner: item(n, owner).batch,
}
