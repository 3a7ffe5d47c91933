"""A CSV file as rows by field: whatever its encoding, delimiter and the language of its headings."""

from __future__ import annotations

import csv
import io
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from config.spreadsheets.encoding import decode_csv
from config.spreadsheets.problems import CsvError, CsvProblem, ProblemCode

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
_HEADER_WITHIN = 5
_BLANKS = f"{string.whitespace}\u00a0\u3000\u200b\ufeff"
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(?P<mark>[^"\r\n])"?[,;\t]*[ ]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """The columns that a table may have: by field, the headings that name it, the first two of which are the English
    and the Chinese one. It needs one of `needed`."""

    headings: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    _field_of: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name, headings in self.headings.items():
            self._field_of.update(dict.fromkeys(headings, name))

    def field_of(self, heading: str) -> str:
        """Empty for a heading that names none."""
        key = clean(unicodedata.normalize("NFKC", heading)).strip('"').strip().casefold().replace(" ", "_")
        return self._field_of.get(key, "")

    def listed(self, fields: Iterable[str]) -> str:
        """As people are told of them, in both languages."""
        return ", ".join("/".join(self.headings[name][:2]) for name in fields)

    def known(self, cells: Sequence[str]) -> int:
        """How many of the cells name a column."""
        return sum(bool(self.field_of(cell)) for cell in cells if cell)


@dataclass(frozen=True)
class Row:
    """Cells by field, as they stand in the file; ``line`` is where it starts there, counted from 1."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """All rows that can be read, and what is wrong with the others."""

    rows: tuple[Row, ...]
    problems: tuple[CsvProblem, ...]
    encoding: str


@dataclass(frozen=True)
class _Record:
    line: int
    cells: list[str]


def read_table(
    data: bytes, columns: Columns, encoding: str = "", *, most_bytes: int = MAX_FILE_BYTES
) -> Table:
    """Read CSV bytes (UTF-8, UTF-16, GBK or GB18030, or the encoding named; comma, semicolon or tab).

    The first line, or the one below a title, names the columns. Raises CsvError where no row can be trusted.
    """
    if len(data) > most_bytes:
        raise CsvError(CsvProblem(ProblemCode.FILE_TOO_LARGE, detail=f"{most_bytes // 1024**2} MB"))
    text, encoding = decode_csv(data, encoding)
    problems: list[CsvProblem] = list(_nul_problems(text))
    if problems:
        raise CsvError(*problems)
    records = _below_title(_records(text.rstrip("\x1a"), columns, problems), columns)
    if not records:
        raise CsvError(*problems or [CsvProblem(ProblemCode.EMPTY_FILE)])
    fields = _fields(_Record(records[0].line, trimmed(records[0].cells)), records[1:], columns, problems)
    if not fields:
        raise CsvError(*problems)
    rows = tuple(_rows(records[1:], fields, problems))
    if not rows and not problems:
        raise CsvError(CsvProblem(ProblemCode.NO_ROWS))
    return Table(rows, tuple(problems), encoding)


def clean(cell: str) -> str:
    """The text of a cell without the blanks around it, each character in its one composed form."""
    if not cell:
        return ""
    text = unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip(_BLANKS)


def trimmed(cells: Sequence[str]) -> list[str]:
    """The cells without the empty ones at the end."""
    filled = [position for position, cell in enumerate(cells) if clean(cell)]
    return list(cells[: filled[-1] + 1]) if filled else []


def _nul_problems(text: str) -> Iterator[CsvProblem]:
    if "\0" in text:
        for number, line in enumerate(io.StringIO(text, newline=""), start=1):
            if "\0" in line:
                yield CsvProblem(ProblemCode.NUL_CHARACTER, line=number)


def _delimiter(text: str, columns: Columns) -> str:
    """The delimiter under which some line of the first few has the most known column names; the comma in doubt."""
    lines = [line for line, _ in zip(io.StringIO(text, newline=""), range(_HEADER_WITHIN), strict=False)]
    return max(",;\t", key=lambda mark: max((columns.known(line.split(mark)) for line in lines), default=0))


def _records(text: str, columns: Columns, problems: list[CsvProblem]) -> list[_Record]:
    """All records that aren't blank, with the physical line each starts in.

    A first line ``sep=;`` is Excel's word for the delimiter and no record.
    """
    said = _SEPARATOR_LINE.match(text)
    text = text[said.end() :] if said else text
    delimiter = said["mark"] if said else _delimiter(text, columns)
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
        if any(map(clean, cells)):
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


def _below_title(records: list[_Record], columns: Columns) -> list[_Record]:
    """The records from the header on: above it, Numbers writes the name of the table."""
    for position, record in enumerate(records[:_HEADER_WITHIN]):
        if columns.known(record.cells):
            return records[position:]
        if len(trimmed(record.cells)) != 1:
            break
    return records


def _fields(
    header: _Record, records: Sequence[_Record], columns: Columns, problems: list[CsvProblem]
) -> list[str]:
    """The field of each column, an empty text for one without name and text; empty when the header is unusable."""
    before = len(problems)
    fields: list[str] = []
    if len(header.cells) == 1 and "，" in header.cells[0]:
        problems.append(CsvProblem(ProblemCode.FULL_WIDTH_COMMAS, line=header.line))
        return []
    for number, cell in enumerate(header.cells):
        name = columns.field_of(cell)
        if not clean(cell):
            filled = (row.line for row in records if number < len(row.cells) and clean(row.cells[number]))
            if line := next(filled, 0):
                problems.append(CsvProblem(ProblemCode.UNNAMED_COLUMN, line, detail=str(number + 1)))
        elif not name:
            known = columns.listed(columns.headings)
            problems.append(CsvProblem(ProblemCode.UNKNOWN_COLUMN, header.line, cell.strip()[:60], known))
        elif name in fields:
            problems.append(CsvProblem(ProblemCode.DUPLICATE_COLUMN, header.line, cell.strip()))
        fields.append(name)
    if len(problems) == before and not set(columns.needed) & set(fields):
        needed = columns.listed(columns.needed)
        problems.append(CsvProblem(ProblemCode.NEEDED_COLUMN, header.line, detail=needed))
    return fields if len(problems) == before else []


def _rows(records: Sequence[_Record], fields: Sequence[str], problems: list[CsvProblem]) -> Iterator[Row]:
    for record in records:
        cells = trimmed(record.cells)
        if len(cells) > len(fields):
            detail = f"{len(cells)}/{len(fields)}"
            problems.append(CsvProblem(ProblemCode.WRONG_CELL_COUNT, record.line, detail=detail))
            continue
        # Spreadsheets leave out the empty cells at a row's end.
        yield Row(record.line, {name: cell for name, cell in zip(fields, cells, strict=False) if name})
