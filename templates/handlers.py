"""What it means to run a batch, and to write one of its documents."""

from dataclasses import asdict
from typing import Any

from django.conf import settings

from generation.domain.states import TERMINAL
from generation.jobs.registry import JobKind, Later, NoOutput, WaitForChildren
from generation.jobs.run import JobRun
from generation.models import Job
from generation.providers.llm.base import ChatMessage, ChatRequest, ChatResult
from templates.domain import continuation, prompting, translation
from templates.domain.blocks import parse_blocks
from templates.domain.inputs import Language, ProjectInput, TemplateInput, language_of
from templates.domain.language import is_plausibly
from templates.domain.titles import title_of
from templates.errors import (
    OutputEmptyError,
    OutputLanguageError,
    OutputRefusedError,
    OutputTruncatedError,
    SourceDocumentMissingError,
    SourceGoneError,
    TranslationMismatchError,
)
from templates.models import BatchItem, ContentTemplate, Document, DocumentVersion, Project
from templates.services.batches import BATCH_KIND, DOCUMENT_KIND, DocumentJobInput, batch_summary
from templates.services.documents import FinishedText, document_store
from templates.services.sources import project_input, template_input

FEATURE = "templates.document"
#: Kinds of request that the sandbox knows how to answer.
WRITE, TRANSLATE, REPAIR = "templates.write", "templates.translate", "templates.repair"
#: How often a text that ended at its length limit is continued.
CONTINUATIONS = 3
#: How soon a translation looks again for the source that is still being written.
SOURCE_SECONDS = 2.0


def run_batch(run: JobRun) -> WaitForChildren:
    """The items were written down with the batch; nothing is left to do but let them run."""
    return WaitForChildren()


def run_document(run: JobRun) -> FinishedText | Later:
    """Write one document natively, or translate the one in its source language."""
    wanted: DocumentJobInput = run.input
    project = Project.objects.filter(pk=wanted.project_id, owner_id=run.job.owner_id).first()
    template = (
        ContentTemplate.objects.visible_to(run.job.owner_id)
        .select_related("category")
        .filter(pk=wanted.content_template_id)
        .first()
    )
    if project is None or template is None:
        raise SourceGoneError
    language = language_of(wanted.language)
    source_language = language_of(wanted.source_language)
    if language == source_language:
        return _write(run, project, template, language)
    return _translate(run, project, template, language, source_language)


# -- native --------------------------------------------------------------------------------------------------------


def _write(run: JobRun, project: Project, template: ContentTemplate, language: Language) -> FinishedText:
    read_project, read_template = project_input(project), template_input(template)
    messages = prompting.document_messages(read_project, read_template, language)
    context = _context(read_project, read_template, language)
    text, answer = _whole_text(run, "write", WRITE, messages, context, language)
    if not is_plausibly(text, language):
        raise OutputLanguageError(language=language, charged=True)
    return FinishedText(
        project_id=project.pk,
        content_template_id=template.pk,
        language=language,
        source_language=language,
        title=title_of(text) or f"{read_project.name(language)} · {read_template.name(language)}",
        content=text,
        project_fingerprint=expected_project_fingerprint(project, template, language),
        template_fingerprint=_of(template, language),
        **_spent(run, answer),
    )


def _whole_text(
    run: JobRun,
    step: str,
    kind: str,
    messages: tuple[prompting.Message, ...],
    context: dict[str, Any],
    language: Language,
) -> tuple[str, ChatResult]:
    """Buy a text and, while it ends at the length limit, its continuation. Raises when it never gets complete."""
    text = ""
    asked = messages
    for part in range(CONTINUATIONS + 1):
        answer = run.chat(f"{step}-{part + 1}", _request(asked, kind, context), feature=FEATURE)
        if answer.finish_reason == "content_filter":
            raise OutputRefusedError(charged=True)
        text = continuation.join(text, answer.text) if text else answer.text
        if answer.finish_reason == "stop":
            whole = continuation.unwrapped(text).strip()
            if not whole:
                raise OutputEmptyError(charged=True)
            if not continuation.looks_complete(whole):
                raise OutputTruncatedError(calls=part + 1, charged=True)
            return whole, answer
        asked = prompting.continuation_messages(messages, text, language)
    raise OutputTruncatedError(calls=CONTINUATIONS + 1, charged=True)


def _request(messages: tuple[prompting.Message, ...], kind: str, context: dict[str, Any]) -> ChatRequest:
    return ChatRequest(
        messages=tuple(ChatMessage(m.role, m.content) for m in messages),
        max_output_tokens=settings.DOCUMENT_MAX_OUTPUT_TOKENS,
        temperature=0.3,
        kind=kind,
        context=context,
    )


def _context(project: ProjectInput, template: TemplateInput, language: Language) -> dict[str, Any]:
    """What the sandbox writes from; it never leaves for a vendor."""
    return {"project": asdict(project), "template": asdict(template), "language": language}


# -- translation ---------------------------------------------------------------------------------------------------


def _translate(
    run: JobRun, project: Project, template: ContentTemplate, language: Language, source_language: Language
) -> FinishedText | Later:
    document = (
        Document.objects.filter(project=project, content_template=template, language=source_language)
        .select_related("latest")
        .first()
    )
    if _source_is_being_written(run.job, project, template, source_language):
        return Later(SOURCE_SECONDS)
    if document is None or document.latest is None:
        raise SourceDocumentMissingError(language=source_language)
    source = document.latest
    read_project, read_template = project_input(project), template_input(template)
    messages = prompting.translation_messages(source.content, source_language, language, read_project)
    context = {
        **_context(read_project, read_template, language),
        "source": source.content,
        "source_language": source_language,
    }
    text, answer = _whole_text(run, "translate", TRANSLATE, messages, context, language)
    text, answer = _checked(run, source.content, text, answer, context, read_project)
    return FinishedText(
        project_id=project.pk,
        content_template_id=template.pk,
        language=language,
        source_language=source_language,
        title=title_of(text) or f"{read_project.name(language)} · {read_template.name(language)}",
        content=text,
        project_fingerprint=source.project_fingerprint,
        template_fingerprint=source.template_fingerprint,
        **_spent(run, answer),
    )


def _source_is_being_written(
    job: Job, project: Project, template: ContentTemplate, source_language: Language
) -> bool:
    """Whether an item of the same batch still has to write the document that this one translates."""
    if job.parent_id is None:
        return False
    return (
        BatchItem.objects.filter(
            batch__job_id=job.parent_id,
            project=project,
            content_template=template,
            language=source_language,
            job__isnull=False,
        )
        .exclude(job__status__in=TERMINAL)
        .exists()
    )


def _checked(
    run: JobRun,
    source: str,
    text: str,
    answer: ChatResult,
    context: dict[str, Any],
    project: ProjectInput,
) -> tuple[str, ChatResult]:
    """The translation, compared with its source block by block; wrong blocks are translated again once."""
    source_language, language = context["source_language"], context["language"]
    keep = tuple(name for name in (project.name_zh, project.name_en) if name.strip())
    report = translation.compare(source, text, source_language, language, keep=keep)
    if report.is_acceptable:
        return text, answer
    asked = _to_repair(source, report)
    if asked:
        messages = prompting.repair_messages(asked, source_language, language, project)
        repair = {**context, "blocks": [{"index": b.index, "markdown": b.markdown} for b in asked]}
        answer = run.chat("repair", _request(messages, REPAIR, repair), feature=FEATURE)
        text = translation.merge(source, text, prompting.parse_repair(answer.text, asked))
        report = translation.compare(source, text, source_language, language, keep=keep)
    else:
        # Only blocks too many: what belongs to the source is taken, the rest left out.
        text = translation.merge(source, text, {})
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
    return text, answer


def _to_repair(source: str, report: translation.TranslationReport) -> list[prompting.RepairBlock]:
    blocks = parse_blocks(source)
    reasons = {problem.block_index: problem.message for problem in report.errors}
    return [prompting.RepairBlock(i, blocks[i].markdown, reasons.get(i, "")) for i in report.blocks_to_repair]


# -- shared --------------------------------------------------------------------------------------------------------


def _spent(run: JobRun, answer: ChatResult) -> dict[str, Any]:
    return {
        "provider": answer.provider,
        "model": answer.model,
        "input_tokens": run.usage.input_tokens,
        "output_tokens": run.usage.output_tokens,
        "cost_micros": run.spent_micros,
    }


def _of(row: Project | ContentTemplate, language: Language) -> str:
    return row.fingerprint_zh if language == "zh" else row.fingerprint_en


def expected_project_fingerprint(project: Project, template: ContentTemplate, language: Language) -> str:
    """What a fresh document carries; the SQL of `templates.models.documents.STALE_CONDITION` says the same."""
    if template.reads_both_languages:
        return project.fingerprint_zh + project.fingerprint_en
    return _of(project, language)


def store_document(job: Job, text: FinishedText) -> dict[str, Any]:
    """Put the text in place; the job keeps where, not what."""
    version: DocumentVersion = document_store(job=job, text=text)
    return {
        "document_id": str(version.document_id),
        "version": version.number,
        "title": version.title,
        "language": text.language,
        "characters": len(version.content),
    }


KINDS = (
    JobKind(name=BATCH_KIND, input=NoOutput, output=NoOutput, run=run_batch, summary=batch_summary),
    JobKind(name=DOCUMENT_KIND, input=DocumentJobInput, output=dict, run=run_document, store=store_document),
)


# -- the sandbox ---------------------------------------------------------------------------------------------------


def _answer_document(request: ChatRequest) -> str:
    from templates.domain.sandbox_documents import answer_document

    return answer_document(request.context)


def _answer_translation(request: ChatRequest) -> str:
    from templates.domain.sandbox_documents import answer_translation

    return answer_translation(request.context)


def _answer_repair(request: ChatRequest) -> str:
    from templates.domain.sandbox_documents import answer_repair

    return answer_repair(request.context)


#: What the sandbox writes for each kind of request; imported when it does, because most processes never ask it.
SANDBOX_ANSWERS = {WRITE: _answer_document, TRANSLATE: _answer_translation, REPAIR: _answer_repair}
