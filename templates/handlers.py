"""What it means to run a batch, and to write one of its documents."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from generation.domain.states import TERMINAL
from generation.jobs.registry import JobKind, Later, NoOutput, WaitForChildren
from generation.jobs.run import JobRun
from generation.models import Job, JobEvent, ProviderCall
from generation.providers.llm.base import ChatMessage, ChatRequest, ChatResult
from templates.domain import continuation, prompting, translation
from templates.domain.blocks import parse_blocks
from templates.domain.inputs import Language, language_of
from templates.domain.language import is_plausibly
from templates.domain.titles import fitting_title, title_of
from templates.errors import (
    AnswerRejectedError,
    OutputEmptyError,
    OutputLanguageError,
    OutputRefusedError,
    OutputTruncatedError,
    SourceDocumentMissingError,
    SourceGoneError,
    TranslationMismatchError,
)
from templates.models import BatchItem, DocumentVersion
from templates.selectors import Sources, sources_get_for
from templates.services.batches import BATCH_KIND, DOCUMENT_KIND, DocumentJobInput, batch_summary
from templates.services.documents import FinishedText, document_store

FEATURE = "templates.document"
#: Kinds of request that the sandbox knows how to answer.
WRITE, TRANSLATE, REPAIR = "templates.write", "templates.translate", "templates.repair"
STEPS = {WRITE: "write", TRANSLATE: "translate"}
#: How often a text that ended at its length limit is continued.
CONTINUATIONS = 3
#: How soon a translation looks again for the source that is still being written.
SOURCE_SECONDS = 2.0


def run_batch(run: JobRun) -> WaitForChildren:
    """The items were written down with the batch; nothing is left to do but let them run."""
    return WaitForChildren()


def run_document(run: JobRun) -> FinishedText | Later:
    """Write one document natively, or translate the one in its source language.

    An answer that is turned down (see `AnswerRejectedError`) is bought once more by itself, then only when a person
    asks for a retry.
    """
    wanted: DocumentJobInput = run.input
    sources = sources_get_for(
        run.job.owner_id, project_id=wanted.project_id, content_template_id=wanted.content_template_id
    )
    if sources is None:
        raise SourceGoneError
    try:
        if wanted.language == wanted.source_language:
            return _write(run, sources, language_of(wanted.language))
        return _translate(run, sources)
    except AnswerRejectedError as error:
        if run.job.failures:
            error.give_up()
        raise


@dataclass(frozen=True, slots=True)
class _Purchase:
    """Names the steps of what is bought: one text, made from certain inputs.

    The engine never buys a step twice, so a name must change with what would come of it: with the inputs, or a text
    made from the old ones would be stored as if it were made from the new; and after an answer was turned down, or a
    retry would only meet the same answer again.
    """

    inputs: str
    turned_down: int

    def step(self, name: str) -> str:
        again = f".{self.turned_down + 1}" if self.turned_down else ""
        return f"{name}{again}@{self.inputs}"


def _purchase(run: JobRun, *inputs: str) -> _Purchase:
    digest = hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:10]
    if run.job.attempt == 1:
        return _Purchase(digest, turned_down=0)
    codes = [error.code for error in AnswerRejectedError.__subclasses__()]
    ends = JobEvent.objects.filter(job_id=run.job.pk, type__in=["retrying", "failed"])
    return _Purchase(digest, turned_down=ends.filter(data__error__code__in=codes).count())


# -- native --------------------------------------------------------------------------------------------------------


def _write(run: JobRun, sources: Sources, language: Language) -> FinishedText:
    messages = prompting.document_messages(sources.project, sources.template, language)
    project, template = sources.project_fingerprint(language), sources.template_fingerprints[language]
    purchase = _purchase(run, project, template)
    text, answer = _whole_text(run, purchase, WRITE, messages, _context(sources, language))
    if not is_plausibly(text, language):
        raise OutputLanguageError(language=language, charged=True)
    return _finished(
        run,
        sources,
        text,
        answer,
        source_language=language,
        project_fingerprint=project,
        template_fingerprint=template,
    )


def _whole_text(
    run: JobRun,
    purchase: _Purchase,
    kind: str,
    messages: tuple[prompting.Message, ...],
    context: dict[str, Any],
) -> tuple[str, ChatResult]:
    """Buy a text and, while it ends at the length limit, its continuation. Raises when it never gets complete."""
    text = ""
    asked = messages
    for part in range(CONTINUATIONS + 1):
        step = purchase.step(f"{STEPS[kind]}-{part + 1}")
        answer = run.chat(step, _request(run, asked, kind, context), feature=FEATURE)
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
        asked = prompting.continuation_messages(messages, text, context["language"])
        context = {**context, "partial": text}
    raise OutputTruncatedError(calls=CONTINUATIONS + 1, charged=True)


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
    purchase = _purchase(run, str(source.pk), sources.project.name_zh, sources.project.name_en)
    text, answer = _whole_text(run, purchase, TRANSLATE, messages, context)
    text, answer = _checked(run, purchase, source.content, text, answer, context, sources)
    return _finished(
        run,
        sources,
        text,
        answer,
        # A source that is a translation itself was made from the other language's inputs.
        source_language=source.source_language,
        project_fingerprint=source.project_fingerprint,
        template_fingerprint=source.template_fingerprint,
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
    run: JobRun,
    purchase: _Purchase,
    source: str,
    text: str,
    answer: ChatResult,
    context: dict[str, Any],
    sources: Sources,
) -> tuple[str, ChatResult]:
    """The translation, compared with its source block by block; wrong blocks are translated again once."""
    source_language, language = context["source_language"], context["language"]
    project = sources.project
    keep = tuple(name for name in (project.name_zh, project.name_en) if name.strip())
    report = translation.compare(source, text, source_language, language, keep=keep)
    if report.is_acceptable:
        return text, answer
    asked = _to_repair(source, report)
    if asked:
        messages = prompting.repair_messages(asked, language, project)
        repair = {**context, "blocks": [{"index": b.index, "markdown": b.markdown} for b in asked]}
        answer = run.chat(purchase.step("repair"), _request(run, messages, REPAIR, repair), feature=FEATURE)
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


def _finished(
    run: JobRun,
    sources: Sources,
    text: str,
    answer: ChatResult,
    *,
    source_language: str,
    project_fingerprint: str,
    template_fingerprint: str,
) -> FinishedText:
    wanted: DocumentJobInput = run.input
    language = language_of(wanted.language)
    name = f"{sources.project.name(language)} · {sources.template.name(language)}"
    return FinishedText(
        project_id=wanted.project_id,
        content_template_id=wanted.content_template_id,
        language=language,
        source_language=source_language,
        title=title_of(text) or fitting_title(name),
        content=text,
        project_fingerprint=project_fingerprint,
        template_fingerprint=template_fingerprint,
        provider=answer.provider,
        model=answer.model,
        **_paid(run),
    )


def _paid(run: JobRun) -> dict[str, int]:
    """What the document has cost: all calls of its job, those whose answers were turned down included."""
    if run.job.attempt == 1:
        usage = run.usage
        return {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_micros": run.spent_micros,
        }
    sums = {name: Coalesce(Sum(name), 0) for name in ("input_tokens", "output_tokens", "cost_micros")}
    return ProviderCall.objects.filter(job_id=run.job.pk).aggregate(**sums)


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


#: What the sandbox writes for each kind of request; imported when it does, because most processes never ask it.
SANDBOX_ANSWERS = {WRITE: _answer_document, TRANSLATE: _answer_translation, REPAIR: _answer_translation}
