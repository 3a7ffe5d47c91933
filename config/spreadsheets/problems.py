"""What can be wrong with a table, in sentences that say how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ProblemCode(StrEnum):
    EMPTY_FILE = "empty_file"
    FILE_TOO_LARGE = "file_too_large"
    BAD_ENCODING = "bad_encoding"
    OTHER_ENCODING = "other_encoding"
    UNKNOWN_ENCODING = "unknown_encoding"
    WORKBOOK = "workbook"
    NUL_CHARACTER = "nul_character"
    UNKNOWN_COLUMN = "unknown_column"
    UNNAMED_COLUMN = "unnamed_column"
    DUPLICATE_COLUMN = "duplicate_column"
    NEEDED_COLUMN = "needed_column"
    FULL_WIDTH_COMMAS = "full_width_commas"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"
    WRONG_CELL_COUNT = "wrong_cell_count"
    UNCLOSED_QUOTE = "unclosed_quote"
    TEXT_AFTER_QUOTE = "text_after_quote"
    NO_NAME = "no_name"
    TOO_LONG = "too_long"
    BAD_CODE = "bad_code"
    BAD_URL = "bad_url"
    FORMULA = "formula"
    ERROR_VALUE = "error_value"
    CONTROL_CHARACTER = "control_character"
    DUPLICATE = "duplicate"


_SENTENCES: Mapping[ProblemCode, tuple[str, str]] = {
    ProblemCode.EMPTY_FILE: ("The file is empty.", "文件是空的。"),
    ProblemCode.FILE_TOO_LARGE: (
        "The file is larger than {detail}; split it into several files.",
        "文件超过 {detail}，请拆分成多个文件。",
    ),
    ProblemCode.BAD_ENCODING: (
        "The text can't be read as {detail}; save the file as UTF-8.",
        "无法按 {detail} 读取文字，请将文件另存为 UTF-8。",
    ),
    ProblemCode.OTHER_ENCODING: (
        "The text is neither UTF-8, UTF-16 nor GB18030. It fits {detail}: name its encoding, or save it as UTF-8.",
        "文字不是 UTF-8、UTF-16 或 GB18030 编码，可能是 {detail}：请指明编码，或将文件另存为 UTF-8。",
    ),
    ProblemCode.UNKNOWN_ENCODING: (
        'There is no text encoding "{detail}"; use a name such as utf-8, gb18030, big5, shift_jis, windows-1252.',
        "没有名为“{detail}”的文字编码；可用的名称如 utf-8、gb18030、big5、shift_jis、windows-1252。",
    ),
    ProblemCode.WORKBOOK: (
        "This is a workbook (Excel, WPS, Numbers or LibreOffice) and no CSV; save the sheet as CSV in UTF-8.",
        "这是工作簿（Excel、WPS、Numbers 或 LibreOffice），不是 CSV；请将工作表另存为 UTF-8 编码的 CSV。",
    ),
    ProblemCode.NUL_CHARACTER: (
        "There is a NUL character; save the file as CSV text in UTF-8.",
        "含有 NUL 字符，请将文件另存为 UTF-8 编码的 CSV 文本。",
    ),
    ProblemCode.UNKNOWN_COLUMN: (
        'The column "{column}" is unknown; there are: {detail}.',
        "未知的列“{column}”；可用的列：{detail}。",
    ),
    ProblemCode.UNNAMED_COLUMN: (
        "Column {detail} has text but no name in the first line.",
        "第 {detail} 列有内容，但第一行没有列名。",
    ),
    ProblemCode.DUPLICATE_COLUMN: ('The column "{column}" appears twice.', "列“{column}”重复出现。"),
    ProblemCode.NEEDED_COLUMN: (
        "The first line must name the columns; one of these is needed: {detail}.",
        "第一行必须是列名，且至少要有其中一列：{detail}。",
    ),
    ProblemCode.FULL_WIDTH_COMMAS: (
        "The columns are separated by full-width commas; use the plain comma.",
        "列之间使用了全角逗号，请改用半角逗号。",
    ),
    ProblemCode.NO_ROWS: ("There is no row below the header.", "列名下面没有任何内容。"),
    ProblemCode.TOO_MANY_ROWS: (
        "There are more than {detail} rows; split the file.",
        "超过 {detail} 行，请拆分文件。",
    ),
    ProblemCode.WRONG_CELL_COUNT: (
        "The row has more cells than the header ({detail}); put text with commas or line breaks in double quotes.",
        "这一行的单元格多于列名（{detail}）；含逗号或换行的文字请加双引号。",
    ),
    ProblemCode.UNCLOSED_QUOTE: (
        'A double quote is opened in this row and never closed; write a quote inside text as "".',
        "这一行打开的双引号没有关闭；文字中的双引号请写成两个双引号。",
    ),
    ProblemCode.TEXT_AFTER_QUOTE: (
        'Text follows a closing double quote; write a quote inside text as "".',
        "结束双引号后面还有文字；文字中的双引号请写成两个双引号。",
    ),
    ProblemCode.NO_NAME: (
        "The project has no name in either language.",
        "项目没有中文名称，也没有英文名称。",
    ),
    ProblemCode.TOO_LONG: ("The text is longer than {detail} characters.", "文字超过 {detail} 个字符。"),
    ProblemCode.BAD_CODE: (
        'The code "{detail}" must consist of lower-case letters, digits and single hyphens.',
        "编号“{detail}”只能由小写字母、数字和单个连字符组成。",
    ),
    ProblemCode.BAD_URL: (
        'The website "{detail}" must be a full address such as https://example.org.',
        "网站“{detail}”必须是完整的网址，例如 https://example.org。",
    ),
    ProblemCode.FORMULA: (
        "The cell starts like a spreadsheet formula ({detail}); start it with a word, or put an apostrophe (') "
        "before it.",
        "单元格的开头像电子表格公式（{detail}）；请以文字开头，或在最前面加一个单引号（'）。",
    ),
    ProblemCode.ERROR_VALUE: (
        "The cell holds an error of the spreadsheet ({detail}); mend it there.",
        "单元格是电子表格的错误值（{detail}），请先在表格中修正。",
    ),
    ProblemCode.CONTROL_CHARACTER: (
        "The text holds an invisible character ({detail}); type the cell anew.",
        "文字中含有不可见字符（{detail}），请重新输入该单元格。",
    ),
    ProblemCode.DUPLICATE: (
        "The same value already stands in line {detail}.",
        "与第 {detail} 行的值重复。",
    ),
}


class CsvError(ValueError):
    """The file was refused as a whole; ``problems`` lists everything that is wrong with it."""

    def __init__(self, *problems: CsvProblem) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.message_en for problem in problems))


@dataclass(frozen=True)
class CsvProblem:
    """One fault. ``line`` is the physical line where the row starts, from 1; 0 means the whole file."""

    code: ProblemCode
    line: int = 0
    column: str = ""
    detail: str = ""

    @property
    def message_en(self) -> str:
        where = f"Line {self.line}" + (f", {self.column}" if self._names_column else "")
        sentence = self._sentence(0)
        return f"{where}: {sentence}" if self.line else sentence

    @property
    def message_zh(self) -> str:
        where = f"第 {self.line} 行" + (f"，{self.column}" if self._names_column else "")
        sentence = self._sentence(1)
        return f"{where}：{sentence}" if self.line else sentence

    @property
    def _names_column(self) -> bool:
        return bool(self.column) and "{column}" not in _SENTENCES[self.code][0]

    def _sentence(self, position: int) -> str:
        return _SENTENCES[self.code][position].format(column=self.column, detail=self.detail)


#: Of a file with thousands of faults, so many are told; their number tells the rest.
PROBLEMS_NAMED = 50


def described(problems: Sequence[CsvProblem]) -> list[dict[str, Any]]:
    """The first of the problems, as the details of an error have them."""
    return [
        {"line": p.line, "column": p.column, "message": p.message_en, "message_zh": p.message_zh}
        for p in problems[:PROBLEMS_NAMED]
    ]
