"""Documents as files: a ZIP of Markdown and HTML, or JSON lines. Streams; never more than one document in memory."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from accounts.services.activities import activity_record
from config.filenames import safe_filename, unique_filenames
from generation.domain.origins import is_small_model
from templates.domain.inputs import language_of, localized
from templates.domain.language import truncated
from templates.domain.notes import with_small_model_note
from templates.errors import ExportEmptyError, ExportTooLargeError
from templates.models import ContentTemplate, Document, Project
from templates.models.actions import Action, ObjectType
from templates.models.documents import PERSON
from templates.selectors import document_export_list_for

EXPORT_LIMIT = 5_000
CHUNK = 50
CATEGORY_COLUMNS = 40
"""Display columns of a category in a file's name at most."""


class ExportFormat(models.TextChoices):
    ZIP = "zip"
    MARKDOWN = "markdown"
    HTML = "html"
    JSONL = "jsonl"


def documents_to_export(*, owner_id: UUID, format: str, **wanted: Any) -> QuerySet[Document]:
    """The documents that were asked for, with all that an export reads; noted as activity.

    Raises `ExportEmptyError`, `ExportTooLargeError`.
    """
    documents = document_export_list_for(owner_id, **wanted)
    total = documents.count()
    if total == 0:
        raise ExportEmptyError
    if total > EXPORT_LIMIT:
        raise ExportTooLargeError(total=total, limit=EXPORT_LIMIT)
    activity_record(
        owner_id=owner_id,
        action=Action.EXPORT_DOCUMENTS,
        object_type=ObjectType.DOCUMENT,
        object_id=wanted.get("document_id", ""),
        details={"format": format},
    )
    return ready_to_export(documents)


def ready_to_export(documents: QuerySet[Document]) -> QuerySet[Document]:
    """The documents with all that an export reads, in an order in which a reader wants them."""
    return documents.select_related("project", "content_template", "latest").order_by(
        "project__code", "language", "content_template__order", "id"
    )


def export_jsonl(documents: QuerySet[Document]) -> Iterator[bytes]:
    """One JSON object a line, UTF-8."""
    for document in documents.iterator(chunk_size=CHUNK):
        line = {
            "id": str(document.pk),
            "project": _named_briefly(document.project),
            "content_template": _named_briefly(document.content_template),
            "language": document.language,
            "source_language": document.source_language,
            "title": document.title,
            "version": document.version,
            "provider": document.provider,
            "model": document.model,
            "is_small_model": is_small_model(document.provider),
            "is_edited": document.provider == PERSON,
            "updated_at": document.updated_at.astimezone(UTC).isoformat(),
            "content": document.latest.content if document.latest else "",
        }
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _named_briefly(row: Project | ContentTemplate) -> dict[str, str]:
    return {"code": row.code, "name_zh": row.name_zh, "name_en": row.name_en}


def export_zip(
    documents: QuerySet[Document], *, formats: tuple[str, ...] = ("md", "html")
) -> Iterator[bytes]:
    """A ZIP with `<project>/<language>/<category> <order> <template>.md` and `.html`; names keep their Chinese and
    never leave the folder."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for stem, document in _named(documents):
            for extension, data in _files(document, formats):
                info = zipfile.ZipInfo(f"{stem}.{extension}", document.updated_at.timetuple()[:6])
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
            yield sink.take()
    yield sink.take()


def export_folder(documents: QuerySet[Document], folder: Path) -> int:
    """Write the documents below `folder` as Markdown and HTML; returns how many documents that were."""
    written = 0
    for stem, document in _named(documents):
        for extension, data in _files(document, ("md", "html")):
            path = folder / f"{stem}.{extension}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        written += 1
    return written


def _named(documents: QuerySet[Document]) -> Iterator[tuple[str, Document]]:
    """Each document with its path without extension, which stays the same from version to version, so that a folder
    keeps one file of each. The names are settled first, so that none comes twice."""
    stems = _stems(documents)
    for document in documents.iterator(chunk_size=CHUNK):
        stem = stems.get(document.pk)
        if stem is not None:  # None: written since the names were settled
            yield stem, document


def _stems(documents: QuerySet[Document]) -> dict[UUID, str]:
    """A folder for each project, in it one for each language, and files named by category, order and template."""
    template = ("content_template__order", "content_template__name_zh", "content_template__name_en")
    shelf = ("content_template__category__name_zh", "content_template__category__name_en")
    rows = list(documents.values_list("pk", "project__code", "language", *template, *shelf))
    codes = list(dict.fromkeys(row[1] for row in rows))
    folders = dict(zip(codes, unique_filenames(map(safe_filename, codes)), strict=True))
    paths = []
    for _, code, language, order, zh, en, shelf_zh, shelf_en in rows:
        category = truncated(localized(shelf_zh, shelf_en, language), CATEGORY_COLUMNS)
        name = safe_filename(f"{category} {order:02d} {localized(zh, en, language)}")
        paths.append(f"{folders[code]}/{language}/{name}")
    names = unique_filenames(paths)
    return {row[0]: name for row, name in zip(rows, names, strict=True)}


def document_file(document: Document, extension: str) -> bytes:
    """A document as a file of its own, `md` or `html`."""
    return dict(_files(document, (extension,)))[extension]


def _files(document: Document, formats: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """The files of one document: extension and content."""
    if "md" in formats:
        yield "md", _markdown(document).encode()
    if "html" in formats:
        yield "html", document_html(document).encode()


def _markdown(document: Document) -> str:
    """The text as it was written; a small model's is marked, as nothing else of the file says so."""
    text = document.latest.content if document.latest else ""
    if is_small_model(document.provider):
        return with_small_model_note(text, language_of(document.language))
    return text


def document_html(document: Document) -> str:
    """A document as a standalone HTML page with a print style; nothing in it runs."""
    from templates.domain.html.page import PageDetails, document_page

    language = language_of(document.language)
    project, template = document.project, document.content_template
    details = PageDetails(
        title=document.title,
        language=language,
        project=localized(project.name_zh, project.name_en, language),
        template=localized(template.name_zh, template.name_en, language),
        version=document.version,
        generated_on=document.updated_at.date(),
        is_sandbox=document.provider == "sandbox",
        is_small_model=is_small_model(document.provider),
    )
    return document_page(document.latest.content if document.latest else "", details)


class _Sink(io.RawIOBase):
    """Where a ZipFile writes to while somebody else takes away what is there."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self._parts.append(chunk)
        self._written += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self._written

    def seekable(self) -> bool:
        return False

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
