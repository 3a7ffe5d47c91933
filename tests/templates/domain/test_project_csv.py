import csv
import io
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.spreadsheets import reading
from config.spreadsheets.formulas import is_formula, without_guard
from config.spreadsheets.problems import CsvError, ProblemCode
from config.spreadsheets.reading import MAX_FILE_BYTES, MAX_ROWS
from templates.domain.project_csv import parse_projects

HEADER = "name_zh,name_en,description_zh,description_en,website\n"
ROW = "静候门诊,Quiet Clinic,离线排班🏥,Offline,https://a.example/路径\n"


def faults(text, encoding="utf-8"):
    """Code, line and column of every problem."""
    with pytest.raises(CsvError) as caught:
        parse_projects(text if isinstance(text, bytes) else text.encode(encoding))
    for problem in caught.value.problems:
        assert problem.message_en
        assert problem.message_zh
        assert "{" not in problem.message_en + problem.message_zh
    return [(problem.code.value, problem.line, problem.column) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_file_may_come_from_any_spreadsheet(encoding, named, line_end):
    parsed = parse_projects((HEADER + ROW).replace("\n", line_end).encode(encoding))
    assert parsed.encoding == named
    (row,) = parsed.rows
    assert (row.name_zh, row.name_en, row.description_zh) == ("静候门诊", "Quiet Clinic", "离线排班🏥")
    assert row.line == 2


def test_gbk_files_are_read():
    parsed = parse_projects((HEADER + "书架,Shelf,说明,Text,https://a.example\n").encode("gbk"))
    assert parsed.rows[0].name_zh == "书架"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "header",
    [
        "名称,英文名称,描述,英文描述,网站",
        "中文名称,英文名,中文描述,描述_en,网址",
        " Name_ZH ,name en,描述,英文描述,URL",
    ],
)
def test_headers_may_be_chinese_or_english(header, delimiter):
    text = (header + "\n" + "书架,Shelf,说明,Text,https://a.example").replace(",", delimiter)
    (row,) = parse_projects(text.encode()).rows
    assert (row.name_zh, row.name_en, row.description_zh, row.description_en) == (
        "书架",
        "Shelf",
        "说明",
        "Text",
    )


def test_one_language_is_enough_and_blank_lines_are_skipped():
    parsed = parse_projects("code,name_en,name_zh\n\na-1,Solo,\n,,\n,,只有中文\n".encode())
    assert [(row.line, row.code, row.name_en, row.name_zh) for row in parsed.rows] == [
        (3, "a-1", "Solo", ""),
        (5, "", "", "只有中文"),
    ]


def test_cells_with_line_breaks_keep_the_count_of_lines_right():
    text = HEADER + '甲,A,"第一行\n第二行，""引号""\n第三行",x,\n乙,B,,,,说明\n'
    assert faults(text) == [("wrong_cell_count", 5, "")]


def test_all_problems_are_told_at_once():
    text = (
        HEADER
        + "甲,A,x,y,https://a.example\n"
        + ",,x,y,\n"
        + "乙,B,=1+1,y,ftp://a.example\n"
        + "甲,C,x,y,not a url\n"
        + f"丙,{'D' * 201},x,y,\n"
        + "丁,E,x,,,,y\n"
        + '戊,F,"x"z,y,\n'
        + '己,G,"never closed,y,\n'
    )
    assert faults(text) == [
        ("no_name", 3, "name_zh"),
        ("formula", 4, "description_zh"),
        ("bad_url", 4, "website"),
        ("bad_url", 5, "website"),
        ("duplicate", 5, "name_zh"),
        ("too_long", 6, "name_en"),
        ("wrong_cell_count", 7, ""),
        ("text_after_quote", 8, ""),
        ("unclosed_quote", 9, ""),
    ]


@pytest.mark.parametrize(
    "url",
    ["example.org", "javascript:alert(1)", "https://", "http://user:pw@a.example", "https://a b.example", "//a.example",
     "https://[::1", "https://a.example:port", 'https://a.example/"x', "https://host"],
)  # fmt: skip
def test_only_full_web_addresses_pass(url):
    assert faults(HEADER + f'甲,A,,,"{url.replace(chr(34), chr(34) * 2)}"\n') == [("bad_url", 2, "website")]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝", "＋", "－", "＠", " ="])
def test_formulas_are_refused_with_their_line_and_a_remedy(start):
    with pytest.raises(CsvError) as caught:
        parse_projects((HEADER + f'甲,"{start}cmd|calc",,,\n').encode())
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.column) == (ProblemCode.FORMULA, 2, "name_en")
    assert "apostrophe" in problem.message_en
    assert "单引号" in problem.message_zh


@pytest.mark.parametrize(
    ("cell", "value"),
    [("'=1", "=1"), ("'+86 10", "+86 10"), ("''=1", "'=1"), ("'＝公式", "＝公式"), ("'quoted'", "'quoted'")],
)  # fmt: skip
def test_an_apostrophe_guards_a_formula_and_is_no_part_of_it(cell, value):
    assert without_guard(cell) == value
    assert not is_formula(cell)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("empty_file", 0, "")),
        (b"\xef\xbb\xbf \n\n", ("empty_file", 0, "")),
        (HEADER.encode(), ("no_rows", 0, "")),
        (b"name_zh,name_en\na\x00b,c\n", ("nul_character", 2, "")),
        (b"x" * (MAX_FILE_BYTES + 1), ("file_too_large", 0, "")),
        ("名称，英文名称\n甲，A\n".encode(), ("full_width_commas", 1, "")),
        (b"website,code\nhttps://a.example,a\n", ("needed_column", 1, "")),
        ("名称,中文名称\n甲,乙\n".encode(), ("duplicate_column", 1, "中文名称")),
        (b"name_zh,colour\na,b\n", ("unknown_column", 1, "colour")),
        ("name_en,code\n甲,A_1\n".encode(), ("bad_code", 2, "code")),
        ("name_en,x".encode("utf-16-le"), ("unknown_column", 1, "x")),
        (b"PK\x03\x04\x14\x00", ("workbook", 0, "")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", ("workbook", 0, "")),
        ("name_zh\n书\n".encode("utf-32"), ("bad_encoding", 0, "")),
        ("name_zh\n书架管理".encode() + b"\xff\n", ("bad_encoding", 2, "")),
        (b"name_zh\nCaf\xe9,\x81\n", ("other_encoding", 2, "")),
    ],
)
def test_unusable_files_are_refused_with_a_reason(data, expected):
    assert faults(data) == [expected]


def test_ten_thousand_rows_pass_and_one_more_does_not():
    rows = [f"p{number}" for number in range(MAX_ROWS)]
    assert len(parse_projects("\n".join(["name_en", *rows]).encode()).rows) == MAX_ROWS
    assert faults("\n".join(["name_en", *rows, "one-more"]))[-1][0] == "too_many_rows"


def test_huge_cells_are_a_problem_of_their_line():
    assert ("too_long", 2, "") in faults("name_en\n" + "x" * (csv.field_size_limit() + 1) + "\n")


cell = st.text(alphabet='ab中，,;\n"é🎈 ', max_size=12).map(str.strip)


@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=6))
@settings(max_examples=60)
def test_what_a_spreadsheet_writes_is_read_back(descriptions):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name_en", "description_zh", "description_en"])
    for number, pair in enumerate(descriptions):
        writer.writerow([f"project {number}", *pair])
    parsed = parse_projects(out.getvalue().encode())
    assert [(row.description_zh, row.description_en) for row in parsed.rows] == descriptions


@given(st.binary(max_size=60))
@settings(max_examples=60)
def test_no_bytes_escape_as_another_error(data):
    try:
        parse_projects(b"name_zh,name_en\n" + data)
    except CsvError as error:
        assert error.problems  # noqa: PT017


def test_a_file_of_nothing_but_commas_is_no_work(monkeypatch):
    asked = []
    monkeypatch.setattr(
        reading, "unicodedata", SimpleNamespace(normalize=lambda form, text: asked.append(text) or text)
    )
    assert faults(b"," * 100_000 + b"\n" + b"," * 100_000) == [("empty_file", 0, "")]
    assert len(asked) < 100
