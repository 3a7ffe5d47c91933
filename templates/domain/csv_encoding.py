"""Bytes of a CSV file to text, in the encodings that spreadsheets in China and elsewhere write."""

from __future__ import annotations

import codecs
import re

from templates.domain.csv_problems import CsvProblem, ProblemCode

_MULTIBYTE_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_PRIVATE_USE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010ffff]")


class CsvEncodingError(ValueError):
    def __init__(self, problem: CsvProblem) -> None:
        self.problem = problem
        super().__init__(problem.message_en)


def decode_csv(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding: ``utf-8``, ``utf-8-sig``, ``utf-16`` or ``gb18030``.

    A file that is UTF-8 but for a few broken bytes is refused with the first broken line; read as GB18030 it
    would turn into well-formed nonsense. Raises CsvEncodingError.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise CsvEncodingError(CsvProblem(ProblemCode.BAD_ENCODING, detail="UTF-32"))
    if data.startswith(codecs.BOM_UTF8):
        return _strictly(data, "utf-8-sig", "UTF-8")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(data, "utf-16", "UTF-16")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if _is_broken_utf8(data):
            raise CsvEncodingError(_problem(data, error, "UTF-8")) from error
        text, encoding = _strictly(data, "gb18030", "UTF-8 / GB18030")
        if _PRIVATE_USE.search(text):
            raise CsvEncodingError(_problem(data, error, "UTF-8 / GB18030")) from error
        return text, encoding


def _strictly(data: bytes, encoding: str, label: str) -> tuple[str, str]:
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise CsvEncodingError(_problem(data, error, label)) from error


def _is_broken_utf8(data: bytes) -> bool:
    """Whether nearly all bytes above ASCII form valid UTF-8 sequences, which GBK text hardly ever does."""
    high = sum(byte >= 0x80 for byte in data)
    valid = sum(len(match) for match in _MULTIBYTE_UTF8.findall(data))
    return valid >= 0.9 * high


def _problem(data: bytes, error: UnicodeDecodeError, label: str) -> CsvProblem:
    newline = "\n".encode("utf-16-le") if label == "UTF-16" else b"\n"
    return CsvProblem(ProblemCode.BAD_ENCODING, line=data.count(newline, 0, error.start) + 1, detail=label)
