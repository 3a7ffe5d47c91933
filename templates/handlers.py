"""What it means to run a batch, and to write one of its documents."""

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from generation.domain.origins import SMALL_MODELS
from generation.domain.states import TERMINAL
from generation.jobs.buying import NobodyLeftError
from generation.jobs.registry import JobKind, Later, NoInput, WaitForChildren
from generation.jobs.run import JobRun
from generation.jobs.texts import TextOrder, paid, text_order
from generation.models import Job
from generation.providers import registry
from generation.providers.llm.base import ChatMessage, ChatRequest, ChatResult
from templates.domain import prompting, translation
from templates.domain.blocks import parse_blocks
from templates.domain.grid import DocumentState
from templates.domain.inputs import Language, language_of
from templates.domain.language import is_plausibly
from templates.domain.titles import fitting_title, title_of
from templates.errors import (
    OutputLanguageError,
    SourceDocumentMissingError,
    SourceGoneError,
    TranslationMismatchError,
)
from templates.models import BatchItem, Document, DocumentVersion
from templates.models.documents import WRITTEN_OVER
from templates.selectors import (
    Sources,
    batch_job_titles,
    document_job_titles,
    document_jobs_about,
    sources_find_for,
)
from templates.services.batches import BATCH_KIND, DOCUMENT_KIND, DocumentJobInput, batch_summary
from templates.services.documents import (
    FinishedText,
    KeptDocument,
    document_is_edited,
    document_keep,
    document_store,
)

FEATURE = "templates.document"
#: Kinds of request that the sandbox knows how to answer.
WRITE, TRANSLATE, REPAIR = "templates.write", "templates.translate", "templates.repair"
STEPS = {WRITE: "write", TRANSLATE: "translate"}
#: How soon a translation looks again for the source that is still being written.
SOURCE_SECONDS = 2.0


def run_batch(run: JobRun) -> WaitForChildren:
    """The items were written down with the batch; nothing is left to do but let them run."""
    return WaitForChildren()


def run_document(run: JobRun) -> FinishedText | KeptDocument | Later:
    """Write one document natively, or translate the one in its source language; or find that it is better kept."""
    wanted: DocumentJobInput = run.input
    sources = sources_find_for(
        run.job.owner_id, project_id=wanted.project_id, content_template_id=wanted.content_template_id
    )
    if sources is None:
        raise SourceGoneError
    if not wanted.overwrite_edited and document_is_edited(run.job.owner_id, wanted):
        return KeptDocument(DocumentState.EDITED)
    if not wanted.small_model_may_replace and _has_better(run.job.owner_id, wanted):
        run.left_out = SMALL_MODELS
    try:
        if wanted.language == wanted.source_language:
            return _write(run, sources, language_of(wanted.language))
        return _translate(run, sources)
    except NobodyLeftError:
        return KeptDocument(DocumentState.BETTER)


def _has_better(owner_id: UUID, wanted: DocumentJobInput) -> bool:
    """Whether the small local model may be asked, and there is a document that neither it nor the sandbox wrote."""
    if SMALL_MODELS.isdisjoint(registry.configured_names("llm")):
        return False
    documents = Document.objects.owned_by(owner_id).filter(
        project_id=wanted.project_id,
        content_template_id=wanted.content_template_id,
        language=wanted.language,
    )
    return documents.exclude(provider__in=WRITTEN_OVER).exists()


# -- native --------------------------------------------------------------------------------------------------------


def _write(run: JobRun, sources: Sources, language: Language) -> FinishedText:
    messages = prompting.document_messages(sources.project, sources.template, language)
    project, template = sources.project_fingerprint(language), sources.template_fingerprints[language]
    with text_order(run, feature=FEATURE, language=language, made_from=(project, template)) as order:
        answer = order.whole_text(STEPS[WRITE], _request(run, messages, WRITE, _context(sources, language)))
        if not is_plausibly(answer.text, language):
            raise OutputLanguageError(language=language, charged=True)
    return _finished(
        run,
        sources,
        answer,
        source_language=language,
        project_fingerprint=project,
        template_fingerprint=template,
    )


def _request(
    run: JobRun, messages: tuple[prompting.Message, ...], kind: str, context: dict[str, Any]
) -> ChatRequest:
    wanted: DocumentJobInput = run.input
    return ChatRequest(
        messages=tuple(ChatMessage(m.role, m.content) for m in messages),
        max_output_tokens=settings.DOCUMENT_MAX_OUTPUT_TOKENS,
        model=wanted.model or None,
        temperature=0.3,
        kind=kind,
        context=context,
    )


def _context(sources: Sources, language: Language) -> dict[str, Any]:
    """What the sandbox writes from; it never leaves for a vendor."""
    return {
        "project": asdict(sources.project),
        "template": asdict(sources.template),
        "language": language,
    }


# -- translation ---------------------------------------------------------------------------------------------------


def _translate(run: JobRun, sources: Sources) -> FinishedText | Later:
    wanted: DocumentJobInput = run.input
    language, source_language = language_of(wanted.language), language_of(wanted.source_language)
    if _source_is_being_written(run.job, wanted):
        return Later(SOURCE_SECONDS)
    source = (
        DocumentVersion.objects.filter(
            pk=F("document__latest_id"),
            document__project_id=wanted.project_id,
            document__content_template_id=wanted.content_template_id,
            document__language=source_language,
            document__owner_id=run.job.owner_id,
        )
        .order_by()
        .first()
    )
    if source is None:
        raise SourceDocumentMissingError(language=source_language)
    messages = prompting.translation_messages(source.content, language, sources.project)
    context = {
        **_context(sources, language),
        "source_markdown": source.content,
        "source_language": source_language,
    }
    made_from = (str(source.pk), sources.project.name_zh, sources.project.name_en)
    with text_order(run, feature=FEATURE, language=language, made_from=made_from) as order:
        answer = order.whole_text(STEPS[TRANSLATE], _request(run, messages, TRANSLATE, context))
        answer = _checked(order, source.content, answer, context, sources)
    return _finished(
        run,
        sources,
        answer,
        # A source that is a translation itself was made from the other language's inputs.
        source_language=source.source_language,
        project_fingerprint=source.project_fingerprint,
        template_fingerprint=source.template_fingerprint,
        translated_from_id=source.pk,
    )


def _source_is_being_written(job: Job, wanted: DocumentJobInput) -> bool:
    """Whether an item of the same batch still has to write the document that this one translates."""
    if job.parent_id is None:
        return False
    items = BatchItem.objects.filter(
        batch__job_id=job.parent_id,
        project_id=wanted.project_id,
        content_template_id=wanted.content_template_id,
        language=wanted.source_language,
        job__isnull=False,
    )
    return items.exclude(job__status__in=TERMINAL).exists()


def _checked(
    order: TextOrder, source: str, answer: ChatResult, context: dict[str, Any], sources: Sources
) -> ChatResult:
    """The translation, compared with its source block by block; wrong blocks are translated again once."""
    source_language, language = context["source_language"], context["language"]
    project = sources.project
    keep = tuple(name for name in (project.name_zh, project.name_en) if name.strip())
    report = translation.compare(source, answer.text, source_language, language, keep=keep)
    if report.is_acceptable:
        return answer
    asked = _to_repair(source, report)
    if asked:
        messages = prompting.repair_messages(asked, language, project)
        repair = {**context, "blocks": [{"index": b.index, "markdown": b.markdown} for b in asked]}
        repaired = order.chat("repair", _request(order.run, messages, REPAIR, repair))
        text = translation.merge(source, answer.text, prompting.parse_repair(repaired.text, asked))
        report = translation.compare(source, text, source_language, language, keep=keep)
    else:
        # Only blocks too many: what belongs to the source is taken, the rest left out.
        text = translation.merge(source, answer.text, {})
        report = translation.compare(source, text, source_language, language, keep=keep)
    if not report.is_acceptable:
        problems = [
            {
                "block": p.block_index,
                "problem": p.kind.value,
                "message": p.message,
                "message_zh": p.message_zh,
            }
            for p in report.errors[:20]
        ]
        raise TranslationMismatchError(count=len(report.errors), details={"problems": problems}, charged=True)
    return replace(answer, text=text)


def _to_repair(source: str, report: translation.TranslationReport) -> list[prompting.RepairBlock]:
    blocks = parse_blocks(source)
    reasons = {problem.block_index: problem.message for problem in report.errors}
    return [prompting.RepairBlock(i, blocks[i].markdown, reasons.get(i, "")) for i in report.blocks_to_repair]


# -- shared --------------------------------------------------------------------------------------------------------


def _finished(
    run: JobRun,
    sources: Sources,
    answer: ChatResult,
    *,
    source_language: str,
    project_fingerprint: str,
    template_fingerprint: str,
    translated_from_id: UUID | None = None,
) -> FinishedText:
    wanted: DocumentJobInput = run.input
    language = language_of(wanted.language)
    name = f"{sources.project.name(language)} · {sources.template.name(language)}"
    return FinishedText(
        project_id=wanted.project_id,
        content_template_id=wanted.content_template_id,
        language=language,
        source_language=source_language,
        title=title_of(answer.text) or fitting_title(name),
        content=answer.text,
        project_fingerprint=project_fingerprint,
        template_fingerprint=template_fingerprint,
        translated_from_id=translated_from_id,
        overwrites_edited=wanted.overwrite_edited,
        provider=answer.provider,
        model=answer.model,
        **paid(run),
    )


def store_document(job: Job, found: FinishedText | KeptDocument) -> dict[str, Any]:
    """Put the text in place; the job keeps where, not what."""
    if isinstance(found, KeptDocument):
        document_keep(job=job, kept=found)
        return {"skip_reason": found.reason}
    version: DocumentVersion = document_store(job=job, text=found)
    return {
        "document_id": str(version.document_id),
        "version": version.number,
        "title": version.title,
        "language": found.language,
        "characters": len(version.content),
    }


KINDS = (
    JobKind(
        name=BATCH_KIND,
        input=NoInput,
        run=run_batch,
        summary=batch_summary,
        title=_("batch of documents"),
        titles=batch_job_titles,
    ),
    JobKind(
        name=DOCUMENT_KIND,
        input=DocumentJobInput,
        run=run_document,
        store=store_document,
        title=_("document"),
        titles=document_job_titles,
        about=document_jobs_about,
        words={
            "project_id": _("project"),
            "content_template_id": _("content template"),
            "document_id": _("document"),
            "language": _("language"),
            "source_language": _("written from"),
            "model": _("model"),
            "version": _("version"),
            "title": _("title"),
            "characters": _("characters"),
            "skip_reason": _("reason for skipping"),
            "overwrite_edited": _("write over what persons wrote"),
            "small_model_may_replace": _("the small local model may replace"),
        },
        links={
            "project_id": "templates.project",
            "content_template_id": "templates.contenttemplate",
            "document_id": "templates.document",
        },
    ),
)


# -- the sandbox ---------------------------------------------------------------------------------------------------


def _answer_document(request: ChatRequest) -> str:
    from templates.domain.sandbox_documents import answer_document

    return answer_document(request.context)


def _answer_translation(request: ChatRequest) -> str:
    from templates.domain.sandbox_documents import answer_translation

    return answer_translation(request.context)


#: What the sandbox writes for each kind of request; imported when it does, because most processes never ask it.
SANDBOX_ANSWERS = {WRITE: _answer_document, TRANSLATE: _answer_translation, REPAIR: _answer_translation}
