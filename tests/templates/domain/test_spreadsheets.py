"""What Excel, WPS, Numbers and LibreOffice write, in both languages."""

import pytest

from config.names import hidden_character
from config.spreadsheets.encoding import known_encoding
from config.spreadsheets.problems import CsvError, CsvProblem
from templates.domain.project_csv import parse_projects

HEADER = "name_zh,name_en,website\r\n"


def problem(data: bytes | str, encoding: str = "") -> CsvProblem:
    with pytest.raises(CsvError) as caught:
        parse_projects(data.encode() if isinstance(data, str) else data, encoding)
    (one,) = caught.value.problems
    assert one.message_en
    assert one.message_zh
    return one


def names(text: str, encoding: str = "utf-8") -> list[tuple[int, str, str]]:
    return [(row.line, row.name_zh, row.name_en) for row in parse_projects(text.encode(encoding)).rows]


class TestEncodings:
    @pytest.mark.parametrize(
        ("text", "encoding", "named"),
        [
            ("name_zh,name_en\n,Müller Tools\n", "cp1252", "windows-1252"),
            ("name_en\nCafé Olé\n", "cp1252", "windows-1252"),
            ("name_zh,name_en\n雲の茶屋,Tea\n", "cp932", "shift_jis"),
            ("name_zh\nクラウド茶館の予約\n", "cp932", "shift_jis"),
            ("name_zh\n予約管理とラジオ\n", "euc-jp", "euc-jp"),
            ("name_zh,name_en\n구름 찻집,Tea\n", "euc-kr", "euc-kr"),
            ("name_zh,name_en\n雲上茶館,Tea\n", "big5", "big5"),
            ("name_en\nЧайный дом, Москва\n".replace(",", ""), "cp1251", "windows-1251"),
        ],
    )
    def test_another_one_is_named_and_read_when_it_is_chosen(
        self, text: str, encoding: str, named: str
    ) -> None:
        told = problem(text.encode(encoding))
        assert told.code == "other_encoding"
        assert named in told.detail.split(", ")
        (row,) = parse_projects(text.encode(encoding), named).rows
        assert (row.name_zh or row.name_en) in text

    @pytest.mark.parametrize(
        "text",
        [
            "name_zh\n甲\n",
            "name_zh,name_en\n书架,Café\n",
            "名称,英文名称\n书架,Shelf\n",
            "name_zh,name_en\n茶馆,Tea\n",
            "name_zh,description_zh\n雲上茶館,這是一個管理預約的工具，適合小型茶館。\n",
            "name_zh,description_zh\n静候门诊,离线排班🏥\n",
            "编号,名称,描述\na,绿茵,“校园体育”课程\n",
        ],
    )
    def test_chinese_is_recognized_however_short(self, text: str) -> None:
        parsed = parse_projects(text.encode("gb18030"))
        assert parsed.encoding == "gb18030"
        assert parsed.rows[0].name_zh in text

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf16_without_its_mark(self, encoding: str) -> None:
        assert names("name_zh\tname_en\r\n一览\tTea\r\n", encoding) == [(2, "一览", "Tea")]

    def test_the_name_decides(self) -> None:
        assert known_encoding("GBK") == "gb18030"
        assert known_encoding("latin-1") == "cp1252"
        for name in ("rot13", "punycode", "base64", "no-such", "unicode_escape", "x\0", "utf-7"):
            assert known_encoding(name) is None
            assert problem(HEADER + "甲,A,\n", name).code == "unknown_encoding"
        assert problem(b"name_zh\n\xff\n", "utf-8").code == "bad_encoding"
        assert names("\ufeffname_zh\n书\n") == [(2, "书", "")]
        assert parse_projects("\ufeffname_zh\n书\n".encode(), "utf8").rows[0].name_zh == "书"


class TestShapes:
    @pytest.mark.parametrize(
        "text",
        [
            f"{HEADER}甲\r\n乙,B\r\n",
            f"{HEADER}甲,,\r\n乙,B,\r\n",
            "name_zh,name_en,website,,,\r\n甲,,,,,\r\n乙,B,,,,\r\n",
            "name_zh,,name_en\r\n甲,,\r\n乙,,B\r\n",
            f"{HEADER}甲,,,,,\r\n乙,B,,,,,\r\n",
        ],
    )
    def test_empty_cells_and_columns_are_nothing(self, text: str) -> None:
        assert names(text) == [(2, "甲", ""), (3, "乙", "B")]

    def test_rows_of_commas_and_blanks_are_skipped(self) -> None:
        text = f"\r\n,,\r\n{HEADER},,\r\n , \u3000,\u00a0\r\n甲,A\r\n,,,,,,,\r\n\u200b,,\r\n\x1a"
        assert names(text) == [(6, "甲", "A")]

    @pytest.mark.parametrize(
        ("first", "mark"),
        [("sep=;", ";"), ('"sep=;"', ";"), ("sep=,", ","), ("SEP=\t", "\t"), ("sep=|", "|")],
    )
    @pytest.mark.parametrize("start", ["", "\ufeff"])
    def test_excel_says_the_delimiter(self, first: str, mark: str, start: str) -> None:
        text = f"{first}\r\nname_zh,name_en\r\n甲,A\r\n".replace(",", mark) if mark != "," else ""
        assert names(start + (text or "sep=,\r\nname_zh,name_en\r\n甲,A\r\n")) == [(3, "甲", "A")]

    def test_numbers_writes_the_tables_name_above(self) -> None:
        assert names("表格 1\r\nname_zh;name_en\r\n甲;A,B\r\n") == [(3, "甲", "A,B")]

    def test_a_name_in_two_lines_is_one(self) -> None:
        assert names(f'{HEADER}"云上\n茶馆"," Tea\nHouse "\r\n') == [(2, "云上 茶馆", "Tea House")]

    @pytest.mark.parametrize(
        ("text", "code", "line"),
        [
            (f"{HEADER}甲,A,,x\r\n", "wrong_cell_count", 2),
            ("name_zh,,name_en\r\n甲,x,A\r\n", "unnamed_column", 2),
            (f"{HEADER}#NAME?,A,\r\n", "error_value", 2),
            (f"{HEADER}甲,Err:502,\r\n", "error_value", 2),
            (f"{HEADER}甲\u202eA,,\r\n", "control_character", 2),
            (f"{HEADER}甲,A\u0007,\r\n", "control_character", 2),
            ("colour,size\r\nred,1\r\n", "unknown_column", 1),
        ],
    )
    def test_what_would_lose_something_is_refused(self, text: str, code: str, line: int) -> None:
        with pytest.raises(CsvError) as caught:
            parse_projects(text.encode())
        assert (caught.value.problems[0].code, caught.value.problems[0].line) == (code, line)


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("云上茶馆 Tea-House №1 ☕️", None),
        ("👩‍💻 कार्यक्रम‌ें 집", None),
        ("a\u200bb", "U+200B"),
        ("demo\u3164", "U+3164"),
        ("a\u200db", "U+200D"),
        ("茶\u200d馆", "U+200D"),
        ("x\u202etxt", "U+202E"),
        ("a\nb", "U+000A"),
        ("\ufeffa", "U+FEFF"),
        ("a\u00adb", "U+00AD"),
        ("\ue000", "U+E000"),
    ],
)
def test_names_are_what_they_look_like(name: str, hidden: str | None) -> None:
    assert hidden_character(name) == hidden
