"""Prompts as rows of a table. A table has no versions, labels or types of variables: JSON has all."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from config.spreadsheets.formulas import guarded, without_guard
from config.spreadsheets.reading import Columns, clean

METRICS = ("clarity", "specificity", "creativity", "relevance", "effectiveness")
COLUMNS = Columns(
    {
        "id": ("id", "编号"),
        "title": ("title", "标题", "名称"),
        "folder": ("folder", "文件夹"),
        "platform": ("platform", "平台"),
        "url": ("url", "网址", "链接"),
        "content": ("content", "内容", "提示词", "prompt"),
        "response": ("response", "回复", "回答"),
        "tags": ("tags", "标签"),
        "is_favorite": ("is_favorite", "收藏", "favorite", "favourite"),
        "usage_count": ("usage_count", "使用次数"),
        "clarity": ("clarity", "清晰度"),
        "specificity": ("specificity", "具体性"),
        "creativity": ("creativity", "创造性"),
        "relevance": ("relevance", "相关性"),
        "effectiveness": ("effectiveness", "有效性"),
        "created_at": ("created_at", "创建时间"),
        "updated_at": ("updated_at", "修改时间", "更新时间"),
    },
    needed=("content",),
)
_TEXTS = frozenset({"content", "response"})
_WORDS = {"是": "true", "否": "false"}


def record_data(cells: Mapping[str, str]) -> dict[str, Any]:
    """The cells of a row as the same prompt's JSON has them; empty cells say nothing."""
    given = {name: _value(name, cell) for name, cell in cells.items() if clean(cell)}
    data: dict[str, Any] = {name: text for name, text in given.items() if name not in METRICS}
    metrics = {name: text for name, text in given.items() if name in METRICS}
    if metrics:
        data["metrics"] = metrics
    if "tags" in data:
        data["tags"] = [{"name": name} for name in map(str.strip, data["tags"].split(",")) if name]
    if "is_favorite" in data:
        data["is_favorite"] = _WORDS.get(data["is_favorite"], data["is_favorite"])
    return data


def _value(name: str, cell: str) -> str:
    """Texts keep the blanks around them."""
    return without_guard(cell if name in _TEXTS else clean(cell))


def header() -> bytes:
    """The first line of a file. The mark before it tells spreadsheets that the file is UTF-8."""
    return b"\xef\xbb\xbf" + _lines([list(COLUMNS.headings)])


def rows(prompts: Iterable[Mapping[str, Any]]) -> bytes:
    """The lines of these prompts, as the API shows them; nothing in a cell can be run by a spreadsheet."""
    return _lines([guarded(_cell(prompt, name)) for name in COLUMNS.headings] for prompt in prompts)


def _cell(prompt: Mapping[str, Any], name: str) -> str:
    if name == "tags":
        return ",".join(tag["name"] for tag in prompt["tags"])
    value = prompt["metrics"][name] if name in METRICS else prompt[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _lines(lines: Iterable[list[str]]) -> bytes:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(lines)
    return sheet.getvalue().encode()
