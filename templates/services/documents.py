"""The text of a document's cell: stored when a job has finished it, changed and deleted by persons."""

from dataclasses import dataclass
from uuid import UUID

from django.db import models, transaction

from accounts.services.activities import row_record
from config.db import uuid7
from config.sql.placeholders import Placeholder
from config.sql.statements import Select
from config.sql.writes import insert
from generation.domain.states import ACTIVE
from generation.models import Job
from templates.domain.grid import DocumentState
from templates.domain.inputs import language_of
from templates.domain.titles import title_of
from templates.errors import DocumentBusyError
from templates.models import BatchItem, Document, DocumentVersion
from templates.models.actions import Action
from templates.models.documents import PERSON
from templates.selectors import sources_find_for
from templates.services.batches import DocumentJobInput

#: What a document and its latest version both say.
SHARED = (
    *("title", "source_language", "project_fingerprint", "template_fingerprint"),
    *("provider", "model"),
)


@dataclass(frozen=True, slots=True)
class FinishedText:
    """What a job has written, with everything that is kept about it.

    `overwrites_edited`: it was asked for although a person may have written the document.
    """

    project_id: UUID
    content_template_id: UUID
    language: str
    source_language: str
    title: str
    content: str
    project_fingerprint: str
    template_fingerprint: str
    translated_from_id: UUID | None
    overwrites_edited: bool
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_micros: int


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A job's finding that the document that is there stays."""

    reason: DocumentState


_KNOWN = Select(
    lambda: Document.objects.filter(
        project_id=Placeholder("project_id", models.UUIDField()),
        content_template_id=Placeholder("content_template_id", models.UUIDField()),
        language=Placeholder("language", models.CharField()),
    ).values_list("pk", "provider")
)


def document_is_edited(owner_id: UUID, wanted: DocumentJobInput) -> bool:
    """Whether a person wrote what this job would write."""
    cell = {
        "project_id": wanted.project_id,
        "content_template_id": wanted.content_template_id,
        "language": wanted.language,
    }
    return any(provider == PERSON for _, provider in _KNOWN.fetch(**cell))


def document_keep(*, job: Job, kept: KeptDocument) -> None:
    """Let the document be: the job's item counts as skipped. Runs inside the transaction that ends the job."""
    BatchItem.objects.filter(job=job).update(skip_reason=kept.reason.value)


def document_store(*, job: Job, text: FinishedText) -> DocumentVersion:
    """Store the text as the latest version of its document, which is made if it doesn't exist.

    Runs inside the transaction that ends the job. Two jobs for one cell that end at the same moment: the unique
    constraints let one of them fail, and its retry stores the next version without buying the text again. A text that
    a person has written meanwhile stays the latest; the job's is kept as a version beside it, for it is paid for.
    """
    cell = {
        "project_id": text.project_id,
        "content_template_id": text.content_template_id,
        "language": text.language,
    }
    known = _KNOWN.fetch(**cell)
    if known:
        document = Document.objects.get(pk=known[0][0])
    else:
        document = Document(owner_id=job.owner_id, version=0, **cell)
    version = DocumentVersion(
        document_id=document.pk,
        number=_next_number(document),
        content=text.content,
        input_tokens=text.input_tokens,
        output_tokens=text.output_tokens,
        cost_micros=text.cost_micros,
        job_id=job.pk,
        **{name: getattr(text, name) for name in SHARED},
    )
    if known and document.provider == PERSON and not text.overwrites_edited:
        insert(version)
        return version
    _make_latest(document, version, translated_from_id=text.translated_from_id)
    if known:
        document.save(force_update=True)
    else:
        insert(document)
    insert(version)
    return version


def document_update(*, document: Document, title: str | None = None, content: str | None = None) -> Document:
    """Change a document's title or text: a new version, marked as a person's and made from what is there now.

    Without a title, that of the new text is taken. `document` is locked by the caller.
    """
    before = document.latest.content if document.latest else ""
    content = before if content is None else content.replace("\r\n", "\n").replace("\r", "\n")
    title = title or (title_of(content) if content != before else "") or document.title
    if (title, content) == (document.title, before):
        return document
    with transaction.atomic():
        version = DocumentVersion(
            document_id=document.pk,
            number=_next_number(document),
            title=title,
            content=content,
            source_language=document.source_language,
            provider=PERSON,
            **_current_fingerprints(document),
        )
        _make_latest(document, version, translated_from_id=_current_source(document))
        insert(version)
        document.save(force_update=True)
        row_record(document, Action.UPDATE_DOCUMENT, version=version.number)
    return document


def document_delete(*, document: Document) -> None:
    """Delete a document with its versions. Raises `DocumentBusyError` while a batch writes it."""
    cell = {name: getattr(document, name) for name in ("project_id", "content_template_id", "language")}
    with transaction.atomic():
        if BatchItem.objects.filter(job__status__in=ACTIVE, **cell).exists():
            raise DocumentBusyError
        row_record(document, Action.DELETE_DOCUMENT)
        document.delete()


def _next_number(document: Document) -> int:
    """After the last version, which needn't be the latest: see `document_store`."""
    if not document.version:
        return 1
    last: int | None = document.versions.aggregate(last=models.Max("number"))["last"]
    return (last or document.version) + 1


def _make_latest(document: Document, version: DocumentVersion, *, translated_from_id: UUID | None) -> None:
    version.pk = uuid7()
    document.version = version.number
    document.latest_id = version.pk
    document.characters = len(version.content)
    document.translated_from_id = translated_from_id
    for name in SHARED:
        setattr(document, name, getattr(version, name))


def _current_fingerprints(document: Document) -> dict[str, str]:
    """Of what the person could see: a later change of the project makes the document stale, an earlier one doesn't."""
    sources = sources_find_for(
        document.owner_id, project_id=document.project_id, content_template_id=document.content_template_id
    )
    if sources is None:
        return {name: getattr(document, name) for name in ("project_fingerprint", "template_fingerprint")}
    language = language_of(document.source_language)
    return {
        "project_fingerprint": sources.project_fingerprint(language),
        "template_fingerprint": sources.template_fingerprints[language],
    }


def _current_source(document: Document) -> UUID | None:
    source = document.translated_from
    return source.document.latest_id if source else None
