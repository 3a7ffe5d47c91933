"""Folders, titles, and what tags and labels are compared by."""

import pytest

from prompts.domain.folders import normalized_folder
from prompts.domain.names import folded, label_name
from prompts.domain.titles import title_of
from prompts.errors import FolderInvalidError, LabelInvalidError


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("", ""), ("/", ""), (" work / emails/ ", "work/emails"), ("//工作//邮件", "工作/邮件"),
        ("a/" * 10, "/".join("a" * 10)),
    ],
)  # fmt: skip
def test_a_folder_is_written_one_way(written: str, folder: str) -> None:
    assert normalized_folder(written) == folder


@pytest.mark.parametrize("written", ["a/../b", ".", "a/" * 11, "长" * 301, "a\u202eb", "a\nb"])
def test_no_folder(written: str) -> None:
    with pytest.raises(FolderInvalidError):
        normalized_folder(written)


@pytest.mark.parametrize(
    ("one", "other"), [("Mail", "ｍａｉｌ"), ("Straße", "STRASSE"), (" a  b ", "A B"), ("ﾃｽﾄ", "テスト")]
)
def test_case_and_width_make_no_difference(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize("written", ["Production", "ＰＲＯＤＵＣＴＩＯＮ", " production "])
def test_a_label_is_compared_without_case_and_width(written: str) -> None:
    assert label_name(written) == "production"


@pytest.mark.parametrize("written", ["", " ", "a b", "a/b", "-a", "a@b", "长" * 41, "a,b"])
def test_no_label(written: str) -> None:
    with pytest.raises(LabelInvalidError):
        label_name(written)


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("\n\n# 周报 *\n正文", "周报 *"),
        ("- 列表", "列表"),
        ("###\n\n正文", "正文"),
        ("###", "…"),
        ("字" * 100, "字" * 60 + "…"),
        ("a\u202eb\x00c", "abc"),
    ],
)
def test_a_title_is_the_first_line_that_says_something(content: str, title: str) -> None:
    assert title_of(content) == title
