"""Projects from a CSV file: all of it or nothing, and every fault with its line."""

from __future__ import annotations

import csv
import io
import re
import string
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from config.names import hidden_character
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
_HEADER_WITHIN = 5
_BLANKS = f"{string.whitespace}\u00a0\u3000\u200b\ufeff"
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(?P<mark>[^"\r\n])"?[,;\t]*[ ]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
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


class ProjectCsvError(ValueError):
    """The file was refused as a whole; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: Sequence[CsvProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.message_en for problem in self.problems))


@dataclass(frozen=True)
class _Record:
    line: int
    cells: list[str]


def parse_projects(data: bytes, encoding: str = "") -> ParsedProjects:
    """Read projects from CSV bytes (UTF-8, UTF-16, GBK or GB18030, or the encoding named; comma, semicolon or tab).

    The header names the columns in English or Chinese. A row needs a name in at least one language; every
    other cell may be empty. Raises ProjectCsvError with all problems at once; no row of a faulty file is
    returned.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ProjectCsvError(
            [CsvProblem(ProblemCode.FILE_TOO_LARGE, detail=f"{MAX_FILE_BYTES // 1024**2} MB")]
        )
    try:
        text, encoding = decode_csv(data, encoding)
    except CsvEncodingError as error:
        raise ProjectCsvError([error.problem]) from error
    problems: list[CsvProblem] = list(_nul_problems(text))
    if problems:
        raise ProjectCsvError(problems)
    records = _below_title(_records(text.rstrip("\x1a"), problems))
    if not records:
        raise ProjectCsvError(problems or [CsvProblem(ProblemCode.EMPTY_FILE)])
    header = _trimmed(records[0].cells)
    columns = _columns(_Record(records[0].line, header), records[1:], problems)
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
    """The delimiter under which some line of the first few has the most known column names; the comma in doubt."""
    lines = [line for line, _ in zip(io.StringIO(text, newline=""), range(_HEADER_WITHIN), strict=False)]
    return max(",;\t", key=lambda mark: max((_known(line.split(mark)) for line in lines), default=0))


def _records(text: str, problems: list[CsvProblem]) -> list[_Record]:
    """All records that aren't blank, with the physical line each starts in.

    A first line ``sep=;`` is Excel's word for the delimiter and no record.
    """
    said = _SEPARATOR_LINE.match(text)
    text = text[said.end() :] if said else text
    delimiter = said["mark"] if said else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[_Record] = []
    while True:
        line = reader.line_num + 1 + bool(said)
        try:
            cells = next(reader)
        except StopIteration:
            return records
        except csv.Error as error:
            problems.append(_syntax_problem(error, line))
            continue
        if any(map(_clean, cells)):
            records.append(_Record(line, cells))
        if len(records) > MAX_ROWS + 1:
            problems.append(CsvProblem(ProblemCode.TOO_MANY_ROWS, line=line, detail=f"{MAX_ROWS:,}"))
            return records


def _below_title(records: list[_Record]) -> list[_Record]:
    """The records from the header on: above it, Numbers writes the name of the table."""
    for position, record in enumerate(records[:_HEADER_WITHIN]):
        if _known(record.cells):
            return records[position:]
        if len(_trimmed(record.cells)) != 1:
            break
    return records


def _known(cells: Sequence[str]) -> int:
    """How many of the cells name a column."""
    return sum(_header_key(cell) in _FIELD_OF for cell in cells)


def _trimmed(cells: Sequence[str]) -> list[str]:
    """The cells without the empty ones at the end."""
    filled = [position for position, cell in enumerate(cells) if _clean(cell)]
    return list(cells[: filled[-1] + 1]) if filled else []


def _syntax_problem(error: csv.Error, line: int) -> CsvProblem:
    reason = str(error)
    if "unexpected end" in reason:
        return CsvProblem(ProblemCode.UNCLOSED_QUOTE, line=line)
    if "field limit" in reason:
        return CsvProblem(ProblemCode.TOO_LONG, line=line, detail=f"{csv.field_size_limit():,}")
    return CsvProblem(ProblemCode.TEXT_AFTER_QUOTE, line=line)


def _header_key(cell: str) -> str:
    return _clean(unicodedata.normalize("NFKC", cell)).strip('"').strip().casefold().replace(" ", "_")


def _columns(header: _Record, records: Sequence[_Record], problems: list[CsvProblem]) -> list[str]:
    """The field of each column, an empty text for one without name and text; empty when the header is unusable."""
    before = len(problems)
    columns: list[str] = []
    if len(header.cells) == 1 and "，" in header.cells[0]:
        problems.append(CsvProblem(ProblemCode.FULL_WIDTH_COMMAS, line=header.line))
        return []
    for number, cell in enumerate(header.cells):
        field = _FIELD_OF.get(_header_key(cell), "")
        if not _clean(cell):
            filled = (row.line for row in records if number < len(row.cells) and _clean(row.cells[number]))
            if line := next(filled, 0):
                problems.append(CsvProblem(ProblemCode.UNNAMED_COLUMN, line, detail=str(number + 1)))
        elif not field:
            problems.append(CsvProblem(ProblemCode.UNKNOWN_COLUMN, header.line, cell.strip()[:60]))
        elif field in columns:
            problems.append(CsvProblem(ProblemCode.DUPLICATE_COLUMN, header.line, cell.strip()))
        columns.append(field)
    if len(problems) == before and not {"name_zh", "name_en"} & set(columns):
        problems.append(CsvProblem(ProblemCode.NO_NAME_COLUMN, header.line))
    return columns if len(problems) == before else []


def _rows(records: Sequence[_Record], columns: Sequence[str], problems: list[CsvProblem]) -> list[ProjectRow]:
    rows = []
    seen: dict[tuple[str, str], int] = {}
    for record in records:
        cells = _trimmed(record.cells)
        if len(cells) > len(columns):
            detail = f"{len(cells)}/{len(columns)}"
            problems.append(CsvProblem(ProblemCode.WRONG_CELL_COUNT, record.line, detail=detail))
            continue
        # Spreadsheets leave out the empty cells at a row's end.
        given = {field: cell for field, cell in zip(columns, cells, strict=False) if field}
        faults = list(_cell_problems(record.line, given))
        values = {field: _value(field, cell) for field, cell in given.items()}
        row = ProjectRow(line=record.line, **values)
        faults.extend(_row_problems(row, seen))
        problems.extend(faults)
        if not faults:
            rows.append(row)
    return rows


def _clean(cell: str) -> str:
    text = unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip(_BLANKS)


def _value(field: str, cell: str) -> str:
    """What is stored; a name that was written in several lines is one."""
    text = without_guard(_clean(cell))
    return " ".join(text.split()) if field.startswith("name_") else text


def _cell_problems(line: int, cells: Mapping[str, str]) -> Iterator[CsvProblem]:
    for field, cell in cells.items():
        text = _clean(cell)
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
