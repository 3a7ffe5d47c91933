"""Putting a finished text in place: a new version of the document of its cell."""

from dataclasses import dataclass
from uuid import UUID

from config.db import uuid7
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


def document_store(*, job: Job, text: FinishedText) -> DocumentVersion:
    """Store the text as the latest version of its document, which is made if it doesn't exist.

    Runs inside the transaction that ends the job. Two jobs for one cell that end at the same moment: the unique
    constraints let one of them fail, and its retry stores the next version without buying the text again.
    """
    document = Document.objects.filter(
        project_id=text.project_id, content_template_id=text.content_template_id, language=text.language
    ).first()
    is_new = document is None
    if document is None:
        document = Document(
            owner_id=job.owner_id,
            project_id=text.project_id,
            content_template_id=text.content_template_id,
            language=text.language,
            version=0,
        )
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
    document.save(force_insert=is_new, force_update=not is_new)
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
    version.save(force_insert=True)
    return version
