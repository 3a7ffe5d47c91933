"""Projects and content templates: create, change, delete, import. Every write keeps the fingerprints right."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from accounts.services.activities import activity_record, row_record
from config import audit
from config.db import savepoint
from config.spreadsheets.problems import CsvError, CsvProblem, ProblemCode, described
from generation.domain.states import ACTIVE
from templates.domain.fingerprints import pair_fingerprint, project_fingerprint, template_fingerprint
from templates.domain.inputs import (
    PROJECT_LENGTHS,
    PROJECT_TEXTS,
    TEMPLATE_TEXTS,
    ProjectInput,
    TemplateInput,
)
from templates.domain.placeholders import ALLOWED_PLACEHOLDERS, check, names
from templates.domain.project_csv import ProjectRow, parse_projects
from templates.errors import (
    CategoryUnknownError,
    PlaceholderInvalidError,
    ProjectBusyError,
    ProjectCodeTakenError,
    ProjectCsvInvalidError,
    ProjectNameMissingError,
    TemplateCodeTakenError,
    TemplateInUseError,
    TemplateReadOnlyError,
)
from templates.models import BatchItem, Category, ContentTemplate, Document, Project
from templates.models.actions import Action, ObjectType


class StaffOrOwner(Protocol):
    """Who asks for a change of a content template."""

    @property
    def pk(self) -> Any: ...
    @property
    def is_staff(self) -> bool: ...
    def __str__(self) -> str: ...


CODE_LENGTH = PROJECT_LENGTHS["code"]


def project_input(project: Project) -> ProjectInput:
    """A project's row as the pure parts of the factory read it."""
    return ProjectInput.from_mapping({name: getattr(project, name) for name in PROJECT_TEXTS})


def template_input(template: ContentTemplate) -> TemplateInput:
    """A content template's row as the pure parts of the factory read it."""
    texts = {name: getattr(template, name, "") for name in TEMPLATE_TEXTS}
    return TemplateInput.from_mapping({**texts, "category_code": template.category.code})


# -- projects ------------------------------------------------------------------------------------------------------


def project_create(*, owner_id: UUID, code: str = "", **texts: str) -> Project:
    """Create a project. Without a code, one is derived from its name and made unique by a number.

    Raises `ProjectNameMissingError`, `ProjectCodeTakenError`.
    """
    with transaction.atomic():
        project = _create_project(owner_id, code, texts)
        row_record(project, Action.CREATE_PROJECT)
    return project


def _create_project(owner_id: UUID, code: str, texts: dict[str, str]) -> Project:
    _require_name(texts)
    project = Project(owner_id=owner_id, code=code or _free_code(owner_id, texts), **texts)
    _refresh_project(project)
    return _save_project(project, is_new=True)


def project_update(*, project: Project, **changes: str) -> Project:
    """Change a project; its documents turn stale in the languages whose texts have changed.

    Raises `ProjectNameMissingError`, `ProjectCodeTakenError`.
    """
    changed = [name for name, value in changes.items() if getattr(project, name) != value]
    with transaction.atomic():
        _update_project(project, changes)
        row_record(project, Action.UPDATE_PROJECT, fields=changed)
    return project


def _update_project(project: Project, changes: dict[str, str]) -> Project:
    for name, value in changes.items():
        setattr(project, name, value)
    _require_name({name: getattr(project, name) for name in PROJECT_TEXTS})
    _refresh_project(project)
    return _save_project(project, is_new=False)


def project_delete(*, project: Project) -> None:
    """Delete a project with its documents. Raises `ProjectBusyError` while a batch writes about it."""
    with transaction.atomic():
        if BatchItem.objects.filter(project=project, job__status__in=ACTIVE).exists():
            raise ProjectBusyError
        row_record(project, Action.DELETE_PROJECT)
        project.delete()


def _save_project(project: Project, *, is_new: bool) -> Project:
    try:
        with savepoint():
            project.save(force_insert=is_new)
    except IntegrityError as exc:
        raise ProjectCodeTakenError(project_code=project.code) from exc
    return project


def _refresh_project(project: Project) -> None:
    read = project_input(project)
    project.fingerprint_zh = project_fingerprint(read, "zh")
    project.fingerprint_en = project_fingerprint(read, "en")


def _require_name(texts: dict[str, str]) -> None:
    if not (texts.get("name_zh", "").strip() or texts.get("name_en", "").strip()):
        raise ProjectNameMissingError


def derived_code(name_zh: str, name_en: str) -> str:
    """A code that the same names always give: the English name as a slug, else a hash of the Chinese one."""
    slug = slugify(name_en)[: CODE_LENGTH - 10].strip("-")
    return slug or f"project-{hashlib.sha256((name_zh or name_en).encode()).hexdigest()[:8]}"


def _free_code(owner_id: UUID, texts: dict[str, str]) -> str:
    base = derived_code(texts.get("name_zh", ""), texts.get("name_en", ""))
    taken = set(
        Project.objects.owned_by(owner_id).filter(code__startswith=base).values_list("code", flat=True)[:1000]
    )
    if base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


# -- import --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many projects an import made, changed, and found unchanged."""

    created: int
    updated: int
    unchanged: int
    encoding: str


def projects_import(
    *, owner_id: UUID, data: bytes, encoding: str = "", dry_run: bool = False, by: StaffOrOwner | None = None
) -> ImportResult:
    """Create or update projects from a CSV file, all or none. A row is found again by its code or its names.

    With `dry_run` the file is checked and counted, and nothing is written. `by` is the member of the staff who does it
    for the owner. Raises `ProjectCsvInvalidError` with every
    problem and its line.
    """
    try:
        parsed = parse_projects(data, encoding)
    except CsvError as exc:
        raise _invalid(exc.problems) from exc
    codes = [_row_code(row) for row in parsed.rows]
    _require_different(parsed.rows, codes)
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    with transaction.atomic():
        known = {p.code: p for p in Project.objects.owned_by(owner_id).filter(code__in=codes)}
        for row, code in zip(parsed.rows, codes, strict=True):
            counts[_import_row(owner_id, code, row, known.get(code), dry_run=dry_run)] += 1
        if not dry_run:
            activity_record(
                owner_id=owner_id,
                action=Action.IMPORT_PROJECTS,
                object_type=ObjectType.PROJECT,
                details=counts,
            )
            if by is not None:
                audit.record(by, "import_projects", User.objects.get(pk=owner_id), changes=counts)
    return ImportResult(**counts, encoding=parsed.encoding)


def _invalid(problems: Sequence[CsvProblem]) -> ProjectCsvInvalidError:
    return ProjectCsvInvalidError(count=len(problems), details={"problems": described(problems)})


def _require_different(rows: Sequence[ProjectRow], codes: Sequence[str]) -> None:
    """Different names may give the same code ("Tea House", "tea-house"): then one row would overwrite the other."""
    first: dict[str, int] = {}
    problems = [
        CsvProblem(ProblemCode.DUPLICATE, row.line, "code", str(first[code]))
        for row, code in zip(rows, codes, strict=True)
        if first.setdefault(code, row.line) != row.line
    ]
    if problems:
        raise _invalid(problems)


def _row_code(row: ProjectRow) -> str:
    return row.code or derived_code(row.name_zh, row.name_en)


def _import_row(owner_id: UUID, code: str, row: ProjectRow, known: Project | None, *, dry_run: bool) -> str:
    texts = {name: getattr(row, name) for name in PROJECT_TEXTS}
    if known is None:
        if not dry_run:
            _create_project(owner_id, code, texts)
        return "created"
    if all(getattr(known, name) == value for name, value in texts.items()):
        return "unchanged"
    if not dry_run:
        _update_project(known, texts)
    return "updated"


# -- content templates ---------------------------------------------------------------------------------------------


def content_template_create(*, owner_id: UUID | None, category_code: str, **fields: Any) -> ContentTemplate:
    """Add a template to the owner's library, or to the shared one (`owner_id` None, for staff and commands).

    Raises `CategoryUnknownError`, `PlaceholderInvalidError`, `TemplateCodeTakenError`.
    """
    template = ContentTemplate(owner_id=owner_id, category=_category(category_code), **fields)
    if not template.code:
        template.code = derived_code(template.name_zh, template.name_en)
    with transaction.atomic():
        _save_template(template, is_new=True)
        row_record(template, Action.CREATE_TEMPLATE)
    return template


def content_template_update(
    *,
    template: ContentTemplate,
    category_code: str | None = None,
    by: StaffOrOwner | None = None,
    **changes: Any,
) -> ContentTemplate:
    """Change a template; documents made from it turn stale where a text they were made from has changed.

    `by` is who asks, where nobody has looked at their rights yet. Raises `TemplateReadOnlyError`,
    `CategoryUnknownError`, `PlaceholderInvalidError`, `TemplateCodeTakenError`.
    """
    _require_writable(template, by)
    before = {**vars(template), "category_code": template.category.code}
    changed = [name for name, value in changes.items() if getattr(template, name) != value]
    for name, value in changes.items():
        setattr(template, name, value)
    if category_code is not None:
        changed += [] if category_code == template.category.code else ["category_code"]
        template.category = _category(category_code)
    with transaction.atomic():
        _save_template(template, is_new=False)
        row_record(template, Action.UPDATE_TEMPLATE, fields=changed)
        if by is not None and template.owner_id is None:
            asked = changes if category_code is None else {**changes, "category_code": category_code}
            audit.record(by, "change", template, changes=audit.compared(before, asked))
    return template


def content_template_delete(*, template: ContentTemplate, by: StaffOrOwner | None = None) -> None:
    """Delete a template that no document was made from. Raises `TemplateReadOnlyError`, `TemplateInUseError`."""
    _require_writable(template, by)
    with transaction.atomic():
        documents = Document.objects.filter(content_template=template).count()
        if documents:
            raise TemplateInUseError(documents=documents)
        row_record(template, Action.DELETE_TEMPLATE)
        if by is not None and template.owner_id is None:
            audit.record(by, "delete", template)
        template.delete()


def _require_writable(template: ContentTemplate, by: StaffOrOwner | None) -> None:
    """Everybody reads the shared library; the staff write it. Raises `TemplateReadOnlyError`."""
    if template.owner_id is None and by is not None and not by.is_staff:
        raise TemplateReadOnlyError


def _save_template(template: ContentTemplate, *, is_new: bool) -> ContentTemplate:
    _check_placeholders(template)
    refresh_template(template)
    try:
        with savepoint():
            template.save(force_insert=is_new)
    except IntegrityError as exc:
        raise TemplateCodeTakenError(template_code=template.code) from exc
    return template


def refresh_template(template: ContentTemplate) -> None:
    """Compute what is derived from a template's texts."""
    read = template_input(template)
    zh, en = template_fingerprint(read, "zh"), template_fingerprint(read, "en")
    crossing = {*_ending(template.prompt_zh, "_en"), *_ending(template.prompt_en, "_zh")}
    template.reads_both_languages = bool(crossing)
    if crossing:
        # A prompt that names a text of the other language depends on both, whichever language it writes.
        zh, en = pair_fingerprint(zh, en), pair_fingerprint(en, zh)
    template.fingerprint_zh, template.fingerprint_en = zh, en


def _ending(prompt: str, suffix: str) -> set[str]:
    return {name for name in names(prompt) if name.endswith(suffix)}


def _check_placeholders(template: ContentTemplate) -> None:
    problems = [
        {"field": field, "placeholder": p.found, "problem": p.kind.value, "line": p.line, "column": p.column}
        for field in ("prompt_zh", "prompt_en")
        for p in check(getattr(template, field))
    ]
    if problems:
        allowed = sorted(ALLOWED_PLACEHOLDERS)
        raise PlaceholderInvalidError(details={"problems": problems, "allowed": allowed})


def _category(code: str) -> Category:
    category = Category.objects.filter(code=code).first()
    if category is None:
        raise CategoryUnknownError(category_code=code)
    return category
