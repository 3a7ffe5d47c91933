"""Who may see what of the prompt library.

What ends in `_list_for` is stable in shape (see `config.api.lists.spec.Source`).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import F, Q, QuerySet

from generation.models import Job
from prompts.domain.inclusion import Source, declarations, spelled_out
from prompts.domain.limits import INCLUDE_DEPTH, INCLUDES
from prompts.domain.names import folded
from prompts.domain.placeholders import Include, Variable, includes, parts_of, variable_names
from prompts.domain.variables import Declaration, filled_in, texts_for
from prompts.errors import (
    IncludeAmbiguousError,
    IncludeLabelUnknownError,
    IncludeLimitError,
    IncludeUnknownError,
    LabelNotFoundError,
    PromptVersionUnknownError,
)
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


def prompt_list_for(owner_id: UUID) -> QuerySet[Prompt]:
    return Prompt.objects.owned_by(owner_id)


def prompt_version_list_for(owner_id: UUID, prompt_id: UUID) -> QuerySet[PromptVersion]:
    return PromptVersion.objects.filter(prompt__owner_id=owner_id, prompt_id=prompt_id)


def prompt_version_numbered_list_for(owner_id: UUID, prompt_id: UUID, number: int) -> QuerySet[PromptVersion]:
    """One or none, as a QuerySet."""
    return prompt_version_list_for(owner_id, prompt_id).filter(number=number)


def prompt_label_named_list_for(owner_id: UUID, prompt_id: UUID, label: str) -> QuerySet[PromptLabel]:
    """One or none, as a QuerySet."""
    return prompt_label_list_for(owner_id, prompt_id).filter(name=label)


def prompt_label_list_for(owner_id: UUID, prompt_id: UUID) -> QuerySet[PromptLabel]:
    return PromptLabel.objects.filter(prompt__owner_id=owner_id, prompt_id=prompt_id)


def tag_list_for(owner_id: UUID) -> QuerySet[Tag]:
    return Tag.objects.owned_by(owner_id)


def tag_prompt_list_for(owner_id: UUID, tag_id: UUID) -> QuerySet[Prompt]:
    return Prompt.objects.owned_by(owner_id).filter(tags=tag_id)


def optimization_list_for(owner_id: UUID) -> QuerySet[Optimization]:
    return Optimization.objects.owned_by(owner_id)


def optimization_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """The beginning of the prompt that each job is about."""
    rows = Optimization.objects.filter(pk__in=[job.pk for job in jobs])
    return {row.pk: str(row) for row in rows.only("pk", "prompt")}


# -- what a prompt includes, and says in the end ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expansion:
    """A prompt with all that it includes: its text but for the variables, what may stand for those, and what was
    included."""

    parts: tuple[str | Variable, ...]
    variables: list[Declaration]
    included: list[Source]


def source_of(prompt: Prompt, version: PromptVersion | None = None) -> Source:
    """A version of a prompt, or what the prompt says now."""
    said = version or prompt
    return Source(
        prompt_id=prompt.pk,
        folder=prompt.folder,
        title=prompt.title,
        version=version.number if version else prompt.version,
        parts=tuple(parts_of(said.content)),
        variables=tuple(map(Declaration.of, said.variables)),
    )


def expansion_for(owner_id: UUID, root: Source) -> Expansion:
    """Spell out what the prompt includes of the owner's library: two queries for each level, none without includes.

    Raises `IncludeUnknownError`, `IncludeAmbiguousError`, `IncludeLabelUnknownError`, `IncludeCycleError`,
    `IncludeLimitError`, `RenderedTooLongError`.
    """
    found: dict[Include, Source] = {}
    wanted = includes(root.parts)
    level = 0
    while wanted:
        level += 1
        if level > INCLUDE_DEPTH + 1 or len(found) + len(wanted) > INCLUDES:
            raise IncludeLimitError(most=INCLUDES, depth=INCLUDE_DEPTH)
        loaded = _load(owner_id, wanted, root)
        found |= loaded
        wanted = [one for source in loaded.values() for one in includes(source.parts) if one not in found]
        wanted = list(dict.fromkeys(wanted))
    parts = spelled_out(root, found)
    return Expansion(parts, declarations(root, found, variable_names(parts)), list(found.values()))


def _load(owner_id: UUID, wanted: Iterable[Include], root: Source) -> dict[Include, Source]:
    """The root may be new, or have another name than the database knows."""
    others = [one for one in wanted if (one.folder, one.title) != (root.folder, root.title)]
    found = {one: root for one in wanted if one not in others}
    if not others:
        return found
    named = reduce(or_, (Q(folder=one.folder, title=one.title) for one in others))
    rows = Prompt.objects.owned_by(owner_id).filter(named).exclude(pk=root.prompt_id)
    prompts: dict[tuple[str, str], list[Prompt]] = {}
    for prompt in rows.only("folder", "title", "version", "content", "variables"):
        prompts.setdefault((prompt.folder, prompt.title), []).append(prompt)
    labels = _labelled(
        [prompt for same in prompts.values() for prompt in same], [one.label for one in others if one.label]
    )
    for one in others:
        same = prompts.get((one.folder, one.title), [])
        if not same:
            raise IncludeUnknownError(include=str(one))
        if len(same) > 1:
            raise IncludeAmbiguousError(include=str(one))
        version = labels.get((same[0].pk, one.label))
        if one.label and version is None:
            raise IncludeLabelUnknownError(include=str(one))
        found[one] = source_of(same[0], version)
    return found


def _labelled(prompts: list[Prompt], names: list[str]) -> Mapping[tuple[UUID, str], PromptVersion]:
    if not names:
        return {}
    labels = PromptLabel.objects.filter(prompt__in=prompts, name__in=names).select_related("version")
    return {(label.prompt_id, label.name): label.version for label in labels}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as it is sent to a model, and which versions it was made of."""

    text: str
    version: int
    included: list[Source]


def prompt_render_for(
    owner_id: UUID,
    prompt: Prompt,
    values: Mapping[str, object],
    *,
    label: str = "",
    version: int | None = None,
) -> Rendered:
    """Fill in the prompt's variables, of the version with this number, or that the label points at, or the latest.

    It is done once: what stands in a value is never looked at for variables or includes. Raises `LabelNotFoundError`,
    `PromptVersionUnknownError`, `VariableValuesInvalidError`, and what `expansion_for` raises.
    """
    source = source_of(prompt, _version_at(prompt, label, version) if label or version else None)
    expansion = expansion_for(owner_id, source)
    texts = texts_for(expansion.variables, values)
    text = filled_in(expansion.parts, texts)
    return Rendered(text, source.version, expansion.included)


def _version_at(prompt: Prompt, label: str, version: int | None) -> PromptVersion:
    if version is not None:
        numbered = prompt.versions.filter(number=version).first()
        if numbered is None:
            raise PromptVersionUnknownError(number=version)
        return numbered
    found = prompt.labels.filter(name=folded(label)).select_related("version").first()
    if found is None:
        raise LabelNotFoundError(label=label)
    return found.version


# -- cases, and how versions did ----------------------------------------------------------------------------------


def case_list_for(owner_id: UUID) -> QuerySet[PromptCase]:
    return PromptCase.objects.filter(prompt__owner_id=owner_id)


def prompt_case_list_for(owner_id: UUID, prompt_id: UUID) -> QuerySet[PromptCase]:
    return PromptCase.objects.filter(prompt__owner_id=owner_id, prompt_id=prompt_id)


def evaluation_list_for(owner_id: UUID) -> QuerySet[PromptEvaluation]:
    return PromptEvaluation.objects.owned_by(owner_id)


def evaluation_trial_list_for(owner_id: UUID, evaluation_id: UUID) -> QuerySet[PromptTrial]:
    return PromptTrial.objects.filter(evaluation__owner_id=owner_id, evaluation_id=evaluation_id)


def digest_of(content: str) -> str:
    """By which a text is known again, whichever version or optimization says it."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def cases_failing(prompt: Prompt, content: str) -> list[PromptCase]:
    """Cases that this text failed when it was tried last, after the case was changed. What wasn't tried fails
    nothing."""
    trials = PromptTrial.objects.filter(case__prompt=prompt, digest=digest_of(content), passed__isnull=False)
    tried = trials.filter(created_at__gte=F("case__changed_at")).order_by("-evaluation_id")
    latest: dict[UUID, UUID] = {}
    failing: set[UUID] = set()
    for case_id, evaluation_id, passed in tried.values_list("case_id", "evaluation_id", "passed"):
        if case_id and latest.setdefault(case_id, evaluation_id) == evaluation_id and not passed:
            failing.add(case_id)
    return list(PromptCase.objects.filter(pk__in=failing).order_by("created_at", "pk"))


def evaluation_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    rows = PromptEvaluation.objects.filter(pk__in=[job.pk for job in jobs]).select_related("prompt")
    return {row.pk: row.prompt.title for row in rows.only("pk", "prompt__title")}


def trial_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    rows = PromptTrial.objects.filter(job__in=jobs).select_related("case")
    return {
        row.job_id: " · ".join(filter(None, (row.case.name if row.case else "", str(row))))
        for row in rows.only("job_id", "side", "number", "case__name")
    }
