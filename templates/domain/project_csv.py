"""Projects from a CSV file: all of it or nothing, and every fault with its line."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from templates.domain.csv_encoding import CsvEncodingError, decode_csv
from templates.domain.csv_formulas import is_formula, without_guard
from templates.domain.csv_problems import CsvProblem, ProblemCode
from templates.domain.inputs import PROJECT_LENGTHS

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "code": ("code", "编号", "代码", "项目编号"),
    "name_zh": ("name_zh", "名称", "中文名称", "中文名", "项目名称", "名称_zh", "name"),
    "name_en": ("name_en", "英文名称", "英文名", "名称_en"),
    "description_zh": ("description_zh", "描述", "中文描述", "项目描述", "描述_zh", "description"),
    "description_en": ("description_en", "英文描述", "描述_en"),
    "website": ("website", "网站", "网址", "url"),
}
_FIELD_OF = {alias: field for field, aliases in _HEADERS.items() for alias in aliases}
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


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


class ProjectCsvError(ValueError):
    """The file was refused as a whole; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: Sequence[CsvProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.message_en for problem in self.problems))


@dataclass(frozen=True)
class _Record:
    line: int
    cells: list[str]


def parse_projects(data: bytes) -> ParsedProjects:
    """Read projects from CSV bytes (UTF-8, UTF-16 with BOM, GBK or GB18030; comma, semicolon or tab).

    The header names the columns in English or Chinese. A row needs a name in at least one language; every
    other cell may be empty. Raises ProjectCsvError with all problems at once; no row of a faulty file is
    returned.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ProjectCsvError(
            [CsvProblem(ProblemCode.FILE_TOO_LARGE, detail=f"{MAX_FILE_BYTES // 1024**2} MB")]
        )
    try:
        text, encoding = decode_csv(data)
    except CsvEncodingError as error:
        raise ProjectCsvError([error.problem]) from error
    problems: list[CsvProblem] = list(_nul_problems(text))
    if problems:
        raise ProjectCsvError(problems)
    records = _records(text, _delimiter(text), problems)
    if not records:
        raise ProjectCsvError(problems or [CsvProblem(ProblemCode.EMPTY_FILE)])
    columns = _columns(records[0], problems)
    rows = _rows(records[1:], columns, problems) if columns else []
    if columns and not rows and not problems:
        problems.append(CsvProblem(ProblemCode.NO_ROWS))
    if problems:
        raise ProjectCsvError(sorted(problems, key=lambda problem: problem.line))
    return ParsedProjects(tuple(rows), encoding)


def _nul_problems(text: str) -> Iterator[CsvProblem]:
    if "\0" in text:
        for number, line in enumerate(io.StringIO(text, newline=""), start=1):
            if "\0" in line:
                yield CsvProblem(ProblemCode.NUL_CHARACTER, line=number)


def _delimiter(text: str) -> str:
    """The delimiter under which the first line has the most known column names; the comma when in doubt."""
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    return max(",;\t", key=lambda mark: sum(_header_key(cell) in _FIELD_OF for cell in header.split(mark)))


def _records(text: str, delimiter: str, problems: list[CsvProblem]) -> list[_Record]:
    """All records that aren't blank, with the physical line each starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[_Record] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return records
        except csv.Error as error:
            problems.append(_syntax_problem(error, line))
            continue
        if any(cell.strip() for cell in cells):
            records.append(_Record(line, cells))
        if len(records) > MAX_ROWS + 1:
            problems.append(CsvProblem(ProblemCode.TOO_MANY_ROWS, line=line, detail=f"{MAX_ROWS:,}"))
            return records


def _syntax_problem(error: csv.Error, line: int) -> CsvProblem:
    reason = str(error)
    if "unexpected end" in reason:
        return CsvProblem(ProblemCode.UNCLOSED_QUOTE, line=line)
    if "field limit" in reason:
        return CsvProblem(ProblemCode.TOO_LONG, line=line, detail=f"{csv.field_size_limit():,}")
    return CsvProblem(ProblemCode.TEXT_AFTER_QUOTE, line=line)


def _header_key(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip().strip('"').strip().casefold().replace(" ", "_")


def _columns(header: _Record, problems: list[CsvProblem]) -> list[str]:
    """The field of each column; empty when the header is unusable."""
    before = len(problems)
    columns: list[str] = []
    if len(header.cells) == 1 and "，" in header.cells[0]:
        problems.append(CsvProblem(ProblemCode.FULL_WIDTH_COMMAS, line=header.line))
        return []
    for cell in header.cells:
        field = _FIELD_OF.get(_header_key(cell))
        if field is None:
            problems.append(CsvProblem(ProblemCode.UNKNOWN_COLUMN, header.line, cell.strip()[:60]))
        elif field in columns:
            problems.append(CsvProblem(ProblemCode.DUPLICATE_COLUMN, header.line, cell.strip()))
        columns.append(field or "")
    if len(problems) == before and not {"name_zh", "name_en"} & set(columns):
        problems.append(CsvProblem(ProblemCode.NO_NAME_COLUMN, header.line))
    return columns if len(problems) == before else []


def _rows(records: Sequence[_Record], columns: Sequence[str], problems: list[CsvProblem]) -> list[ProjectRow]:
    rows = []
    seen: dict[tuple[str, str], int] = {}
    for record in records:
        if len(record.cells) != len(columns):
            detail = f"{len(record.cells)}/{len(columns)}"
            problems.append(CsvProblem(ProblemCode.WRONG_CELL_COUNT, record.line, detail=detail))
            continue
        faults = list(_cell_problems(record, columns))
        values = {
            field: without_guard(_clean(cell)) for field, cell in zip(columns, record.cells, strict=True)
        }
        row = ProjectRow(line=record.line, **values)
        faults.extend(_row_problems(row, seen))
        problems.extend(faults)
        if not faults:
            rows.append(row)
    return rows


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _cell_problems(record: _Record, columns: Sequence[str]) -> Iterator[CsvProblem]:
    for field, cell in zip(columns, record.cells, strict=True):
        if is_formula(cell):
            yield CsvProblem(ProblemCode.FORMULA, record.line, field, cell.strip()[:1])
        if len(_clean(cell)) > PROJECT_LENGTHS[field]:
            yield CsvProblem(ProblemCode.TOO_LONG, record.line, field, f"{PROJECT_LENGTHS[field]:,}")


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
