"""Putting a finished text in place: a new version of the document of its cell."""

from dataclasses import dataclass
from uuid import UUID

from django.db import models

from config.db import uuid7
from config.sql.placeholders import Placeholder
from config.sql.statements import Select
from config.sql.writes import insert
from generation.models import Job
from templates.models import Document, DocumentVersion


@dataclass(frozen=True, slots=True)
class FinishedText:
    """What a job has written, with everything that is kept about it."""

    project_id: UUID
    content_template_id: UUID
    language: str
    source_language: str
    title: str
    content: str
    project_fingerprint: str
    template_fingerprint: str
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_micros: int


_KNOWN = Select(
    lambda: Document.objects.filter(
        project_id=Placeholder("project_id", models.UUIDField()),
        content_template_id=Placeholder("content_template_id", models.UUIDField()),
        language=Placeholder("language", models.CharField()),
    ).values_list("pk")
)


def document_store(*, job: Job, text: FinishedText) -> DocumentVersion:
    """Store the text as the latest version of its document, which is made if it doesn't exist.

    Runs inside the transaction that ends the job. Two jobs for one cell that end at the same moment: the unique
    constraints let one of them fail, and its retry stores the next version without buying the text again.
    """
    cell = {
        "project_id": text.project_id,
        "content_template_id": text.content_template_id,
        "language": text.language,
    }
    known = _KNOWN.fetch(**cell)
    is_new = not known
    if known:
        document = Document.objects.get(pk=known[0][0])
    else:
        document = Document(owner_id=job.owner_id, version=0, **cell)
    version_id = uuid7()
    document.version += 1
    document.latest_id = version_id
    document.characters = len(text.content)
    for name in (
        "title",
        "source_language",
        "project_fingerprint",
        "template_fingerprint",
        "provider",
        "model",
    ):
        setattr(document, name, getattr(text, name))
    if is_new:
        insert(document)
    else:
        document.save(force_update=True)
    version = DocumentVersion(
        id=version_id,
        document_id=document.pk,
        number=document.version,
        title=text.title,
        content=text.content,
        project_fingerprint=text.project_fingerprint,
        template_fingerprint=text.template_fingerprint,
        source_language=text.source_language,
        provider=text.provider,
        model=text.model,
        input_tokens=text.input_tokens,
        output_tokens=text.output_tokens,
        cost_micros=text.cost_micros,
        job_id=job.pk,
    )
    insert(version)
    return version
