"""Projects from a CSV file: all of it or nothing, and every fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from config.names import hidden_character
from config.spreadsheets.formulas import is_formula, without_guard
from config.spreadsheets.problems import CsvError, CsvProblem, ProblemCode
from config.spreadsheets.reading import Columns, clean, read_table
from templates.domain.inputs import PROJECT_LENGTHS

COLUMNS = Columns(
    {
        "code": ("code", "编号", "代码", "项目编号"),
        "name_zh": ("name_zh", "名称", "中文名称", "中文名", "项目名称", "名称_zh", "name"),
        "name_en": ("name_en", "英文名称", "英文名", "名称_en"),
        "description_zh": ("description_zh", "描述", "中文描述", "项目描述", "描述_zh", "description"),
        "description_en": ("description_en", "英文描述", "描述_en"),
        "website": ("website", "网站", "网址", "url"),
    },
    needed=("name_zh", "name_en"),
)
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ERROR_VALUE = re.compile(
    r"#(?:N/A|NULL!|REF!|VALUE!|NUM!|NAME\?|DIV/0!|SPILL!|CALC!|GETTING_DATA)|Err:\d{3}", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class ProjectRow:
    """One accepted row; ``line`` is where it starts in the file, counted from 1."""

    line: int
    code: str = ""
    name_zh: str = ""
    name_en: str = ""
    description_zh: str = ""
    description_en: str = ""
    website: str = ""


@dataclass(frozen=True)
class ParsedProjects:
    rows: tuple[ProjectRow, ...]
    encoding: str


def parse_projects(data: bytes, encoding: str = "") -> ParsedProjects:
    """Read projects from CSV bytes (UTF-8, UTF-16, GBK or GB18030, or the encoding named; comma, semicolon or tab).

    The header names the columns in English or Chinese. A row needs a name in at least one language; every
    other cell may be empty. Raises CsvError with all problems at once; no row of a faulty file is
    returned.
    """
    table = read_table(data, COLUMNS, encoding)
    problems = list(table.problems)
    rows = []
    seen: dict[tuple[str, str], int] = {}
    for given in table.rows:
        faults = list(_cell_problems(given.line, given.cells))
        values = {field: _value(field, cell) for field, cell in given.cells.items()}
        row = ProjectRow(line=given.line, **values)
        faults.extend(_row_problems(row, seen))
        problems.extend(faults)
        if not faults:
            rows.append(row)
    if problems:
        raise CsvError(*sorted(problems, key=lambda problem: problem.line))
    return ParsedProjects(tuple(rows), table.encoding)


def _value(field: str, cell: str) -> str:
    """What is stored; a name that was written in several lines is one."""
    text = without_guard(clean(cell))
    return " ".join(text.split()) if field.startswith("name_") else text


def _cell_problems(line: int, cells: Mapping[str, str]) -> Iterator[CsvProblem]:
    for field, cell in cells.items():
        text = clean(cell)
        if is_formula(cell):
            yield CsvProblem(ProblemCode.FORMULA, line, field, text[:1])
        if _ERROR_VALUE.fullmatch(text):
            yield CsvProblem(ProblemCode.ERROR_VALUE, line, field, text)
        if len(text) > PROJECT_LENGTHS[field]:
            yield CsvProblem(ProblemCode.TOO_LONG, line, field, f"{PROJECT_LENGTHS[field]:,}")
        if field.startswith("name_") and (hidden := hidden_character(" ".join(text.split()))):
            yield CsvProblem(ProblemCode.CONTROL_CHARACTER, line, field, hidden)


def _row_problems(row: ProjectRow, seen: dict[tuple[str, str], int]) -> Iterator[CsvProblem]:
    if not row.name_zh and not row.name_en:
        yield CsvProblem(ProblemCode.NO_NAME, row.line, "name_zh")
    if row.code and not _CODE.fullmatch(row.code):
        yield CsvProblem(ProblemCode.BAD_CODE, row.line, "code", row.code[:60])
    if row.website and not _is_web_address(row.website):
        yield CsvProblem(ProblemCode.BAD_URL, row.line, "website", row.website[:60])
    for field in ("code", "name_zh", "name_en"):
        value = getattr(row, field)
        first = seen.setdefault((field, value.casefold()), row.line) if value else row.line
        if first != row.line:
            yield CsvProblem(ProblemCode.DUPLICATE, row.line, field, str(first))


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    is_plain = not re.search(r"[\s<>\"'`\\^{}|]", text) and parts.username is None
    return (
        parts.scheme in {"http", "https"} and bool(host) and is_plain and ("." in host or host == "localhost")
    )
