"""Rows of every model that the back office shows, as few fields as the database takes."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone
from django_celery_results.models import TaskResult

from accounts.models import (
    AccessToken,
    Activity,
    AuditEntry,
    Budget,
    BudgetPeriod,
    FileRemoval,
    LoginSession,
    ProviderKey,
    User,
)
from accounts.services import key_create, session_start, token_create
from config.crypto import Secret
from config.models import IdempotencyRecord
from generation.domain.states import CallStatus, JobStatus
from generation.models import CatalogueModel, Job, JobEvent, ModelPrice, ProviderCall, WorkerHeartbeat
from templates.models import (
    BatchItem,
    Category,
    ContentTemplate,
    Document,
    DocumentVersion,
    Project,
    TemplateBatch,
)

OWN_APPS = {"platform", "accounts", "generation", "templates"}
ERROR = {
    "code": "PROVIDER_TIMEOUT",
    "message": "Late.",
    "message_zh": "超时。",
    "retryable": True,
    "charged": None,
}
PRINT = {
    "project_fingerprint": "p",
    "template_fingerprint": "t",
    "source_language": "zh",
    "provider": "sandbox",
}

_numbers = count(1)


def make_rows(model: type[models.Model], number: int) -> Any:
    """Make so many rows, each with an owner and parents of its own; returns the last one."""
    make = MAKERS[model._meta.label]
    row = None
    for _ in range(number):
        row = make(next(_numbers))
    return row


def user(n: int) -> User:
    return User.objects.create(username=f"茶客{n}", email=f"tea{n}@example.com")


def token(n: int) -> AccessToken:
    return token_create(owner_id=user(n).pk, name=f"令牌{n}", scopes=["jobs:read"], is_test=n % 2 == 1)[0]


def session(n: int) -> LoginSession:
    session_start(user=(owner := user(n)))
    return LoginSession.objects.filter(owner=owner).latest("created_at")


def own_key(n: int) -> ProviderKey:
    key = key_create(owner_id=user(n).pk, provider="openai", name=f"密钥{n}", secret=Secret(f"sk-row-{n:08}"))
    ProviderKey.objects.filter(pk=key.pk).update(error_code="PROVIDER_KEY_REFUSED")
    return key


def activity(n: int) -> Activity:
    return Activity.objects.create(
        owner=user(n),
        action="create_project",
        object_type="project",
        object_id=f"p{n}",
        details={"code": "茶"},
    )


def entry(n: int) -> AuditEntry:
    changes = {"theme": {"from": "light", "to": "dark"}}
    return AuditEntry.objects.create(
        actor_id=user(n).pk, actor_name="茶客", action="change", object_type="accounts.user", changes=changes
    )


def job(n: int) -> Job:
    return Job.objects.create(
        owner=user(n), kind="test.text", status=JobStatus.FAILED, finished_at=timezone.now(), error=ERROR,
        error_code=ERROR["code"], event_seq=1, output={"文": n},
    )  # fmt: skip


def event(n: int) -> JobEvent:
    return JobEvent.objects.create(job=job(n), seq=1, type="failed", data={"error": ERROR})


def call(n: int) -> ProviderCall:
    made = job(n)
    return ProviderCall.objects.create(
        owner=made.owner, job=made, step="text", feature="test", capability="llm", provider="deepseek",
        status=CallStatus.UNCERTAIN, reserved_micros=5280,
    )  # fmt: skip


def model(n: int) -> CatalogueModel:
    return CatalogueModel.objects.create(provider="deepseek", name=f"茶-{n}", ends_at=timezone.now())


def price(n: int) -> ModelPrice:
    return ModelPrice.objects.create(
        model=model(n),
        version=f"v{n}",
        valid_from=timezone.now(),
        input_micros=280_000,
        output_micros=420_000,
    )


def worker(n: int) -> WorkerHeartbeat:
    now = timezone.now()
    seen = now - timedelta(hours=n % 2)
    return WorkerHeartbeat.objects.create(
        id=f"w{n}", queues="agent_builds", host="茶", pid=n, started_at=now, seen_at=seen
    )


def answer(n: int) -> IdempotencyRecord:
    now = timezone.now()
    return IdempotencyRecord.objects.create(
        owner=user(n), key=f"k{n}", route="POST /x", request_hash="h", locked_until=now
    )


def category(n: int) -> Category:
    return Category.objects.create(code=f"c{n}", name_zh="茶", name_en="Tea")


def project(n: int) -> Project:
    return Project.objects.create(
        owner=user(n),
        code=f"p{n}",
        name_zh="茶馆",
        name_en="Tea House",
        fingerprint_zh="p",
        fingerprint_en="p",
    )


def template(n: int) -> ContentTemplate:
    return ContentTemplate.objects.create(
        category=category(n), code=f"t{n}", name_zh="简介", name_en="Brief", prompt_zh="写", prompt_en="Write",
        fingerprint_zh="t", fingerprint_en="t",
    )  # fmt: skip


def document(n: int) -> Document:
    about = project(n)
    return Document.objects.create(
        owner=about.owner,
        project=about,
        content_template=template(n),
        language="zh",
        title="云上茶馆",
        **PRINT,
    )


def version(n: int) -> DocumentVersion:
    made = DocumentVersion.objects.create(
        document=document(n),
        number=1,
        title="云上茶馆",
        content="# 茶\n\n<script>alert(1)</script>好",
        **PRINT,
    )
    Document.objects.filter(pk=made.document_id).update(latest=made)
    return made


def batch(n: int) -> TemplateBatch:
    parent = job(n)
    return TemplateBatch.objects.create(
        id=parent.pk, owner=parent.owner, job=parent, params={"languages": ["zh", "en"]}, total=1
    )


def item(n: int) -> BatchItem:
    return BatchItem.objects.create(
        batch=batch(n), position=1, project=project(next(_numbers)), content_template=template(next(_numbers)),
        language="zh", job=job(next(_numbers)),
    )  # fmt: skip


MAKERS: dict[str, Any] = {
    "auth.Group": lambda n: Group.objects.create(name=f"n{n}"),
    "django_celery_results.TaskResult": lambda n: TaskResult.objects.create(task_id=f"t{n}"),
    "accounts.AccessToken": token,
    "accounts.Activity": activity,
    "accounts.LoginSession": session,
    "accounts.AuditEntry": entry,
    "accounts.Budget": lambda n: Budget.objects.create(owner=user(n), limit_micros=5_000_000),
    "accounts.BudgetPeriod": lambda n: BudgetPeriod.objects.create(owner=user(n), month=date(2026, 1, 1)),
    "accounts.FileRemoval": lambda n: FileRemoval.objects.create(prefix=f"users/{n}/"),
    "accounts.ProviderKey": own_key,
    "accounts.User": user,
    "platform.IdempotencyRecord": answer,
    "generation.CatalogueModel": lambda n: price(n).model,
    "generation.Job": job,
    "generation.JobEvent": event,
    "generation.ModelPrice": price,
    "generation.ProviderCall": call,
    "generation.WorkerHeartbeat": worker,
    "templates.BatchItem": item,
    "templates.Category": category,
    "templates.ContentTemplate": template,
    "templates.Document": lambda n: version(n).document,
    "templates.DocumentVersion": version,
    "templates.Project": project,
    "templates.TemplateBatch": batch,
}
