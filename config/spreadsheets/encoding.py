"""Bytes of a CSV file to text, in the encodings that spreadsheets in China and elsewhere write."""

from __future__ import annotations

import codecs
import re

from config.spreadsheets.problems import CsvError, CsvProblem, ProblemCode

READ_UNASKED = "UTF-8, UTF-16, GB18030"
"""What is recognized; any other encoding has to be named."""

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MULTIBYTE_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_PRIVATE_USE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_TEXT_CODEC = re.compile(
    r"utf-?(?:8|16|32).*|gb.*|big5.*|cp\d+|euc_.*|shift_?jis.*|iso8859-\d+|koi8-.*|mac-.*|ascii"
)
#: The names by which files are labelled, and what the programs that label them so really write.
_SUPERSETS = {
    "utf-8": "utf-8-sig",
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("iso8859-1", "ascii"), "cp1252"),
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_CHINESE = frozenset({"gb18030", "gbk", "gb2312"})
_ASIAN = frozenset({"big5", "cp932", "cp949", "shift_jis", "euc_jp", "euc_kr", "johab"})
#: The characters of GB 2312's first level, by frequency of use, and its punctuation.
_COMMON_GB2312 = re.compile(rb"[\xb0-\xd7\xa1\xa3][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]")
_FEW = 4


def known_encoding(name: str) -> str | None:
    """The codec that reads files labelled with this name; None for what is no encoding of text."""
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return _SUPERSETS.get(codec, codec) if _TEXT_CODEC.fullmatch(codec) else None


def decode_csv(data: bytes, encoding: str = "") -> tuple[str, str]:
    """The text and the name of its encoding.

    Without one named, UTF-8, UTF-16 and GB18030 are recognized. A file that is UTF-8 but for a few broken bytes is
    refused with the first broken line, and one that is no plausible Chinese with the encodings that would fit: read
    as GB18030, both would turn into well-formed nonsense. Raises CsvError.
    """
    if data.startswith(_WORKBOOKS):
        raise CsvError(CsvProblem(ProblemCode.WORKBOOK))
    if encoding:
        codec = known_encoding(encoding)
        if codec is None:
            raise CsvError(CsvProblem(ProblemCode.UNKNOWN_ENCODING, detail=encoding[:40]))
        return _strictly(data, codec)
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise CsvError(CsvProblem(ProblemCode.BAD_ENCODING, detail="UTF-32"))
    if data.startswith(codecs.BOM_UTF8):
        return _strictly(data, "utf-8-sig")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(data, "utf-16")
    if b"\0" in data:
        return _unmarked_utf16(data)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if _is_broken_utf8(data):
            raise CsvError(_problem(data, error, "utf-8")) from error
        return _chinese(data, error), "gb18030"


def _strictly(data: bytes, codec: str) -> tuple[str, str]:
    try:
        return data.decode(codec), codec
    except UnicodeDecodeError as error:
        raise CsvError(_problem(data, error, codec)) from error


def _unmarked_utf16(data: bytes) -> tuple[str, str]:
    """UTF-16 without its mark: every other byte of Latin letters and commas is zero, and a header has some."""
    low, high = data[:64:2].count(0), data[1:64:2].count(0)
    if max(low, high) < len(data[:64]) / 16:
        raise _nul_problem(data)
    try:
        text = data.decode("utf-16-le" if high > low else "utf-16-be")
    except UnicodeDecodeError:
        raise _nul_problem(data) from None
    return text, "utf-16"


def _nul_problem(data: bytes) -> CsvError:
    line = data.count(b"\n", 0, data.index(b"\0")) + 1
    return CsvError(CsvProblem(ProblemCode.NUL_CHARACTER, line=line))


def _is_broken_utf8(data: bytes) -> bool:
    """Whether nearly all bytes above ASCII form valid UTF-8 sequences, which GBK text hardly ever does."""
    high = sum(byte >= 0x80 for byte in data)
    valid = sum(len(match) for match in _MULTIBYTE_UTF8.findall(data))
    return valid >= 0.9 * high


def _chinese(data: bytes, error: UnicodeDecodeError) -> str:
    guesses = _guesses(data)
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as exc:
        text, error = "", exc
    if text and not _PRIVATE_USE.search(text) and _is_plausibly_chinese(data, guesses):
        return text
    best = max(guesses.values(), default=0.0)
    fitting = [
        name for name, confidence in guesses.items() if confidence >= best / 2 and name not in _CHINESE
    ]
    if fitting and fitting[0] not in _ASIAN:
        fitting.insert(0, "cp1252")  # of the many Latin ones the likely one
    fits = ", ".join(list(dict.fromkeys(_label(name) for name in fitting if _decodes(data, name)))[:4])
    problem = _problem(data, error, "")
    if not fits:
        raise CsvError(problem)
    raise CsvError(CsvProblem(ProblemCode.OTHER_ENCODING, line=problem.line, detail=fits))


def _guesses(data: bytes) -> dict[str, float]:
    """Codecs by how well the text reads in them, best first."""
    import chardet  # heavy

    found = chardet.detect_all(data, ignore_threshold=True)
    ranked = sorted(found, key=lambda guess: -guess["confidence"])
    names = ((known_encoding(guess["encoding"] or ""), guess["confidence"]) for guess in ranked)
    guesses: dict[str, float] = {}
    for name, confidence in names:
        if name:
            guesses.setdefault(name, confidence)
    return guesses


def _is_plausibly_chinese(data: bytes, guesses: dict[str, float]) -> bool:
    """Whether the statistics speak for Chinese; of a few characters they say little, then common ones will do."""
    best = max(guesses, key=lambda name: guesses[name], default="")
    if guesses.get("gb18030", 0.0) >= guesses.get(best, 0.0) / 2:
        return True
    high = len(_HIGH.findall(data))
    return high <= 2 * _FEW and high == 2 * len(_COMMON_GB2312.findall(data)) and best not in _ASIAN


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


_LABELS = {
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "big5": "big5",
    "euc_jp": "euc-jp",
    "mac-roman": "macintosh",
}


def _label(codec: str) -> str:
    """The name by which people and programs know a codec."""
    if codec in _LABELS:
        return _LABELS[codec]
    return codec.replace("cp125", "windows-125").replace("iso8859", "iso-8859")


def _problem(data: bytes, error: UnicodeDecodeError, codec: str) -> CsvProblem:
    newline = "\n".encode("utf-16-le") if codec.startswith("utf-16") else b"\n"
    line = data.count(newline, 0, error.start) + 1
    return CsvProblem(
        ProblemCode.BAD_ENCODING, line=line, detail=_label(codec).upper() if codec else READ_UNASKED
    )
