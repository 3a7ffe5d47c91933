"""What the database writes as JSON is what the plain serializer would say, for every read model of the house."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import walk_packages
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import models
from django.db.models import Value
from django.http import QueryDict
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from rest_framework.renderers import JSONRenderer

from accounts.api.serializers.sessions import LoginSessionOut
from accounts.models import AccessToken, Activity, LoginSession, ProviderKey, User
from config.api.lists.plain import plain_queryset, plain_serializer
from config.api.lists.query import read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import read_page, read_row
from config.api.lists.spec import ListSpec, Source
from conversations.models import (
    Attachment,
    Conversation,
    ConversationImport,
    ConversationImportItem,
    ConversationShare,
    Message,
    Reply,
)
from generation.models import (
    CatalogueModel,
    ImageRequest,
    Job,
    JobEvent,
    ModelPrice,
    ProviderCall,
    RequestImage,
    StoredFile,
    Thumbnail,
    Upload,
)
from models3d.models import Model3D, ModelFile, ModelVersion
from prompts.models import (
    Optimization,
    Prompt,
    PromptCase,
    PromptEvaluation,
    PromptLabel,
    PromptTrial,
    PromptVersion,
    Tag,
)
from templates.models import BatchItem, ContentTemplate, Document, Project, TemplateBatch
from tests.architecture.house import house_apps
from tests.models3d.rows import REPORT
from tests.support.rows import make_rows
from tests.templates.factories import content_template_make, document_make, project_make

pytestmark = pytest.mark.django_db

#: Everything that has broken somebody's JSON or SQL: quotes, backslashes, percent signs, controls, separators, emoji.
NASTY = "引号\" 反斜杠\\ 换行\n制表\t回车\r 退格\b\f \x01\x1f\x7f 👩‍🚀🎉 𠮷 é \u2028\ufeff </b> 'x' %s %% {} $1 :a ?"
NASTY_JSON = {
    "文": [NASTY, "", None, True, False, 0, -1, 2**53 + 1, 0.1, 1.5, {"深": [[], {}, [{"🎉": None}]]}],
    "": "empty name",
    '"': 1,
}
ERROR = {
    "code": "X",
    "message": NASTY,
    "message_zh": NASTY,
    "retryable": False,
    "charged": None,
    "details": NASTY_JSON,
}
VARIABLES = [{"name": "客户", "type": "choice", "required": False, "default": NASTY, "choices": [NASTY]}]
ASSERTIONS = [{"type": "contains", "value": NASTY}]
EXACT_SECOND = datetime(2026, 1, 31, 8, 0, 0, 0, tzinfo=UTC)
TRAILING_ZEROS = datetime(1999, 12, 31, 23, 59, 59, 120_000, tzinfo=UTC)


def read_models() -> list[type[ReadModel]]:
    """Every read model that an app's API declares."""
    for app in house_apps():
        api = import_module(f"{app}.api")
        for module in walk_packages(api.__path__, f"{api.__name__}."):
            import_module(module.name)
    return [one for one in _subclasses(ReadModel) if not one.__module__.startswith("tests.")]


def _subclasses(cls: type[ReadModel]) -> Iterator[type[ReadModel]]:
    for one in cls.__subclasses__():
        yield one
        yield from _subclasses(one)


@pytest.fixture
def rows(alice: User) -> None:
    """Rows of every model that is shown: full of what is hard to write, and empty wherever that may be."""
    nasty = document_make(
        alice,
        title=NASTY[:300],
        versions=3,
        content=NASTY * 50,
        model="",
        project=project_make(alice, name_zh=NASTY[:200], name_en="", website=""),
        content_template=content_template_make(owner=alice, name_en=NASTY[:200]),
    )
    _at(nasty, created_at=EXACT_SECOND, updated_at=TRAILING_ZEROS)
    stale = document_make(alice, project_fingerprint="another", language="en")
    _at(stale, latest=None)
    for values in (_empty_job(), _full_job()):
        job = Job.objects.create(owner=alice, kind="document", **values)
        JobEvent.objects.create(job=job, seq=1, type="状态", data=values.get("input", {}))
        _at(JobEvent.objects.get(job=job), created_at=EXACT_SECOND)
        batch = TemplateBatch.objects.create(id=job.pk, owner=alice, job=job, params=NASTY_JSON, total=2)
        _items(batch, job, nasty, alice)
        ProviderCall.objects.create(
            owner=alice,
            job=job,
            step=NASTY[:60],
            feature="x",
            capability="llm",
            provider="sandbox",
            result=NASTY_JSON,
        )
    _at(TemplateBatch.objects.order_by("pk").last(), created_at=EXACT_SECOND)
    _account(alice)
    _prompts(alice)
    _files(alice)
    _requests(alice)
    _conversations(alice)
    _models(alice)
    model = CatalogueModel.objects.create(provider="x", name=NASTY[:120], label=NASTY[:120])
    ModelPrice.objects.create(
        model=model, version="1", valid_from=EXACT_SECOND, input_micros=0, output_micros=2**53 + 1
    )
    CatalogueModel.objects.create(provider="x", name="bare", ends_at=TRAILING_ZEROS)
    for model_shown in {one.source_model for one in read_models()}:
        if not model_shown._base_manager.exists():
            make_rows(model_shown, 2)  # no harder than the guards' rows: better have some above


def _files(owner: User) -> None:
    picture = StoredFile.objects.create(
        owner=owner, key="1", name=NASTY, media_type="image/png", size=2**53 + 1, sha256="0" * 64, width=1, height=2,
        missing_since=TRAILING_ZEROS,
    )  # fmt: skip
    _at(picture, created_at=EXACT_SECOND)
    for edge in (768, 256):
        Thumbnail.objects.create(file=picture, edge=edge, key=f"1-{edge}", width=edge, height=1, size=1)
    StoredFile.objects.create(
        owner=owner, key="2", name="a", media_type="text/plain", size=1, sha256="0" * 64
    )
    full = Upload.objects.create(
        owner=owner, name=NASTY[:200], size=2**53 + 1, part_bytes=1, sha256="0" * 64, state="completed", file=picture,
        expires_at=TRAILING_ZEROS,
    )  # fmt: skip
    _at(full, created_at=EXACT_SECOND)
    Upload.objects.create(owner=owner, name="a", size=1, part_bytes=1, expires_at=EXACT_SECOND)


def _requests(owner: User) -> None:
    for values in (_empty_job(), _full_job()):
        job, child = (Job.objects.create(owner=owner, kind="x", **values) for _ in range(2))
        request = ImageRequest.objects.create(
            id=job.pk, owner=owner, job=job, prompt=NASTY, count=1, seed=2**31 - 1, model=NASTY[:40],
            prompts_error=values.get("error"),
        )  # fmt: skip
        image = RequestImage.objects.create(
            id=child.pk, request=request, job=child, position=1, style="cartoon", prompt=NASTY, seed=0,
            file=StoredFile.objects.first() if values.get("error") else None,
        )  # fmt: skip
        if values.get("error"):
            ImageRequest.objects.filter(pk=job.pk).update(selected=image, selected_at=EXACT_SECOND)
    bare = Job.objects.create(owner=owner, kind="x")
    ImageRequest.objects.create(id=bare.pk, owner=owner, job=bare, prompt="a", count=4, seed=0)


def _models(owner: User) -> None:
    file = StoredFile.objects.first()
    for values in (_empty_job(), _full_job()):
        job = Job.objects.create(owner=owner, kind="x", **values)
        full = Model3D.objects.create(
            id=job.pk, owner=owner, job=job, origin="ai_generated", name=NASTY[:100], description=NASTY, tags=[NASTY],
            prompt=NASTY, seed=2**31 - 1, asked_model=NASTY[:40], request=ImageRequest.objects.first(), picture=file,
            source=file, size_mm=1 / 3, unit="inch", repair_job=job, is_printable=False, longest_mm=0.1,
            licence="CC0-1.0", hidden_reason=NASTY, remix_note={"id": str(job.pk), "name": NASTY},
        )  # fmt: skip
        version = ModelVersion.objects.create(
            model=full, number=1, reason="made", file=file, format="3mf", unit="inch", unit_source="guessed",
            scale=25.4, report=REPORT, changes={"merged_vertices": 3}, preview=file, turntable=file, viewer=file,
        )  # fmt: skip
        Model3D.objects.filter(pk=full.pk).update(current=version, published_at=TRAILING_ZEROS)
        ModelFile.objects.create(version=version, format="stl", file=file, job=job)
        ModelFile.objects.create(version=version, format="glb", size_um=2**31 - 1, job=job)
        ModelFile.objects.create(version=version, format="obj")
    bare = Job.objects.create(owner=owner, kind="x")
    Model3D.objects.create(id=bare.pk, owner=owner, job=bare, origin="user_uploaded", name="a")


def _prompts(owner: User) -> None:
    tag = Tag.objects.create(owner=owner, name="茶 🎉", color="#1f77b4")
    Tag.objects.create(owner=owner, name="bare")
    full = Prompt.objects.create(
        owner=owner, title=NASTY[:100], folder="文/\"x\"", platform=NASTY[:20], url="https://example.com/?a=1&b='2'",
        content=NASTY * 20, variables=VARIABLES, response=NASTY, is_favorite=True, usage_count=7,
        last_used_at=TRAILING_ZEROS, clarity=100, effectiveness=0,
    )  # fmt: skip
    full.tags.add(tag)
    bare = Prompt.objects.create(owner=owner, title="a", content="a")
    _at(bare, created_at=EXACT_SECOND, updated_at=TRAILING_ZEROS)
    PromptVersion.objects.create(prompt=bare, number=1, content="a")
    first = PromptVersion.objects.create(prompt=full, number=1, content=NASTY, variables=VARIABLES)
    second = PromptVersion.objects.create(prompt=full, number=2, content="b", restored_from=1)
    PromptLabel.objects.create(prompt=full, name="上线", version=second)
    case = PromptCase.objects.create(prompt=full, name=NASTY[:40], values=NASTY_JSON, assertions=ASSERTIONS)
    jobs = [Job.objects.create(owner=owner, kind="x", **values) for values in (_empty_job(), _full_job())]
    root = Optimization.objects.create(
        id=jobs[0].pk, owner=owner, job=jobs[0], tree_id=jobs[0].pk, mode="writing", prompt=NASTY
    )
    node = Optimization.objects.create(
        id=jobs[1].pk, owner=owner, job=jobs[1], tree_id=root.pk, parent=root, source=first, saved=second,
        mode="creative", prompt=NASTY, wish=NASTY, response=NASTY, optimized_prompt=NASTY, improvements=[NASTY],
        expected_benefits=[NASTY], provider="sandbox", model=NASTY[:40], cost_micros=2**53 + 1, rating=5,
        rating_reason=NASTY,
    )  # fmt: skip
    for values in (_empty_job(), _full_job()):
        job = Job.objects.create(owner=owner, kind="x", **values)
        evaluation = PromptEvaluation.objects.create(
            id=job.pk, owner=owner, job=job, prompt=full, original=first, candidate=second, optimization=node,
            runs=1, total=1,
        )  # fmt: skip
        PromptTrial.objects.create(
            evaluation=evaluation, case=case, job=Job.objects.create(owner=owner, kind="x", **values),
            position=1, side="candidate", number=1, digest="0", text=NASTY, output=NASTY, assertions=ASSERTIONS,
        )  # fmt: skip


def _conversations(owner: User) -> None:
    bare = Conversation.objects.create(owner=owner)
    _at(bare, created_at=EXACT_SECOND, updated_at=TRAILING_ZEROS)
    full = Conversation.objects.create(
        owner=owner, title=NASTY[:100], model=NASTY[:40], parameters={"temperature": 0.1}, system_prompt=NASTY,
        prompt_version=PromptVersion.objects.first(), variables=NASTY_JSON, context_messages=0, is_pinned=True,
        retention_days=1,
    )  # fmt: skip
    full.tags.add(Tag.objects.get(name="bare"))
    question = Message.objects.create(owner=owner, conversation=full, role="user", content=NASTY * 20)
    Attachment.objects.create(message=question, file=StoredFile.objects.first(), position=2, tokens=0)
    Attachment.objects.create(message=question, file=StoredFile.objects.last(), position=1, tokens=2**31 - 1)
    reply = Reply.objects.create(conversation=full, running=1)
    for status, values in (("streaming", _empty_job()), ("failed", _full_job())):
        Message.objects.create(
            owner=owner, conversation=full, role="assistant", parent=question, reply=reply, status=status,
            content=NASTY, reasoning=NASTY, parameters={"temperature": 0.1}, cost_micros=2**53 + 1, milliseconds=0,
            error=values.get("error"), purged_at=TRAILING_ZEROS,
        )  # fmt: skip
    full.current_message = full.forked_from = question
    full.save()
    for number, values in enumerate((_empty_job(), _full_job())):
        job = Job.objects.create(owner=owner, kind="x", **values)
        made = ConversationImport.objects.create(
            id=job.pk, owner=owner, job=job, name=NASTY[:100], size=2**53 + 1
        )
        ConversationImportItem.objects.create(
            conversation_import=made, position=0, state="imported", title=NASTY[:100], source_key=NASTY[:100],
            conversation=full, messages=3, omitted={"files": 2},
        )  # fmt: skip
        ConversationImportItem.objects.create(
            conversation_import=made, position=1, state="refused", error=values.get("error")
        )
        share = ConversationShare.objects.create(
            owner=owner, conversation=full, title=NASTY[:100] * number, content=[], message_count=0,
            token_hash=str(number), expires_at=TRAILING_ZEROS if number else None,
        )  # fmt: skip
        _at(share, created_at=EXACT_SECOND)


def _account(owner: User) -> None:
    LoginSession.objects.create(
        owner=owner,
        last_used_at=TRAILING_ZEROS,
        expires_at=EXACT_SECOND,
        ip_address="2001:db8::1",
        user_agent=NASTY,
    )
    LoginSession.objects.create(
        owner=owner, last_used_at=EXACT_SECOND, expires_at=TRAILING_ZEROS, ended_at=EXACT_SECOND
    )
    AccessToken.objects.create(owner=owner, name=NASTY[:100], token_hash="1", last_four="aA09")
    AccessToken.objects.create(
        owner=owner,
        token_hash="2",
        scopes=["jobs:read"],
        expires_at=EXACT_SECOND,
        last_used_at=TRAILING_ZEROS,
    )
    Activity.objects.create(owner=owner, action="register", details=NASTY_JSON, ip_address="2001:db8::1")
    Activity.objects.create(owner=owner, action="cancel_job", object_type="job", user_agent=NASTY)
    ProviderKey.objects.create(owner=owner, provider="openai", secret="k", name=NASTY[:100])
    ProviderKey.objects.create(
        owner=owner, provider="custom", secret="k", base_url="https://example.com", verified_at=EXACT_SECOND,
        input_micros=2**53 + 1, output_micros=0,
    )  # fmt: skip


def _items(batch: TemplateBatch, parent: Job, document: Document, owner: User) -> None:
    BatchItem.objects.create(batch=batch, position=1, language="zh", skip_reason="exists")
    for position, status in enumerate(["succeeded", "failed", "running", "waiting", "queued"], start=2):
        job = Job.objects.create(
            owner=owner,
            kind="item",
            parent=parent,
            status=status,
            finished_at=EXACT_SECOND if status in ("succeeded", "failed") else None,
            error=ERROR if status == "failed" else None,
            error_code="X" if status == "failed" else "",
        )
        BatchItem.objects.create(
            batch=batch,
            position=position,
            language="en",
            job=job,
            project=document.project,
            content_template=document.content_template,
        )
    version = document.versions.filter(job=None).order_by("number")[0]
    _at(version, job=BatchItem.objects.get(batch=batch, position=2).job)


def _empty_job() -> dict[str, Any]:
    return {"input": {}}


def _full_job() -> dict[str, Any]:
    return {
        "input": NASTY_JSON,
        "output": [NASTY_JSON],
        "error": ERROR,
        "error_code": "X",
        "status": "failed",
        "is_test": True,
        "progress": 100,
        "started_at": EXACT_SECOND,
        "finished_at": TRAILING_ZEROS,
        "paused_at": EXACT_SECOND,
        "cancel_requested_at": TRAILING_ZEROS,
        "not_before": EXACT_SECOND,
    }


def _at(row: models.Model | None, **values: Any) -> None:
    assert row is not None
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def rows_of(read_model: type[ReadModel]) -> models.QuerySet[Any]:
    """All rows, with what a selector would add to them."""
    rows = read_model.source_model._base_manager.all()
    return rows.annotate(is_current=Value(True)) if read_model is LoginSessionOut else rows


def plain_answers(read_model: type[ReadModel]) -> list[dict[str, Any]]:
    instances = plain_queryset(read_model, rows_of(read_model).order_by("pk"))
    return orjson.loads(JSONRenderer().render(plain_serializer(read_model)(instances, many=True).data))


@pytest.mark.parametrize("read_model", read_models(), ids=lambda one: one.__name__)
def test_the_database_writes_what_the_plain_serializer_says(rows: None, read_model: type[ReadModel]) -> None:
    model = read_model.source_model

    def everything() -> models.QuerySet[Any]:
        return rows_of(read_model)

    def one(key: Any) -> models.QuerySet[Any]:
        return rows_of(read_model).filter(pk=key)

    one.__annotations__["key"] = UUID if isinstance(model._meta.pk, models.UUIDField) else int

    spec = ListSpec(read_model, everything, sorts=("pk",), default_sort="pk")
    source = Source(read_model, one)
    keys = model._base_manager.order_by("pk").values_list("pk", flat=True)

    page = orjson.loads(read_page(spec, read_list_query(spec, QueryDict("limit=100"))).data_json)
    singly = [orjson.loads(read_row(source, key=key).data_json) for key in keys]
    expected = plain_answers(read_model)

    assert expected
    assert page == expected
    assert singly == expected
    assert list(page[0]) == list(read_model.members), "members come in the order of their declaration"


def test_answers_fit_the_schema_that_clients_read(rows: None) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shown = [one for one in read_models() if shown_name(one) in schema["components"]["schemas"]]
    for read_model in shown:
        row_schema = {
            "$ref": f"#/components/schemas/{shown_name(read_model)}",
            "components": schema["components"],
        }
        validator = Draft202012Validator(row_schema, format_checker=FormatChecker())
        for row in plain_answers(read_model):
            validator.validate(row)
    assert {"Document", "DocumentDetail", "TemplateBatch", "Job"} <= {shown_name(one) for one in shown}


def shown_name(read_model: type[ReadModel]) -> str:
    """What the schema calls it."""
    return read_model.__name__.removesuffix("Out")


def test_the_fixture_holds_the_hard_cases(rows: None) -> None:
    """Otherwise equality would be proved for easy rows only."""
    assert Project.objects.filter(name_zh=NASTY[:200], name_en="").exists()
    assert ContentTemplate.objects.filter(owner=None).exists()
    assert ContentTemplate.objects.exclude(owner=None).exists()
    assert Document.objects.filter(latest=None).exists()
    assert Document.objects.stale().exists()
    assert Document.objects.filter(created_at=EXACT_SECOND, updated_at=TRAILING_ZEROS).exists()
    assert BatchItem.objects.filter(project=None, job=None).exists()
    assert BatchItem.objects.filter(job__document_version__isnull=False).exists()
