"""Files of conversations: what is no such file, what is too large, and how little memory it takes."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conversations.domain.imports import archives, reading, records
from conversations.domain.imports.reading import ConversationFile
from conversations.domain.imports.records import (
    ConversationReason,
    FileError,
    FileReason,
    ImportedConversation,
    ImportedItem,
    RefusedConversation,
)
from tests.conversations.exports import chatgpt_small, librechat, librechat_message


def read(data: bytes) -> list[ImportedItem]:
    return list(ConversationFile(io.BytesIO(data)))


def zipped(names: dict[str, bytes], **options: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content, **options)
    return file.getvalue()


def listed(*numbers: int) -> bytes:
    return json.dumps([chatgpt_small(number) for number in numbers]).encode()


def reason_of(data: bytes) -> FileReason:
    with pytest.raises(FileError) as caught:
        read(data)
    return caught.value.reason


class TestJson:
    @pytest.mark.parametrize(
        "data",
        [
            b"", b"  ", b"tea", b"[1,", b'[{"a":1}', b"[]]", b"[1] 2", b'["\xff"]', b'["\xed\xa0\xbd"]', b"[NaN]",
            '["茶"]'.encode("utf-16"), b"[" * 100_000, b"\x00", b"[" + b"1" * 5_000 + b"]", b"<html>",
        ],
    )  # fmt: skip
    def test_what_is_none(self, data: bytes) -> None:
        assert reason_of(data) is FileReason.NOT_JSON

    @pytest.mark.parametrize(
        "data",
        [
            b"3",
            b'"tea"',
            b"null",
            b"{}",
            b'{"a":{"b":[]}}',
            b'[{"name":"tea"}]',
            b"[1,2,3]",
            b'{"chats":[7]}',
        ],
    )
    def test_what_has_no_conversations(self, data: bytes) -> None:
        assert reason_of(data) is FileReason.UNKNOWN

    def test_what_is_something_else_isnt_read_to_its_end(self) -> None:
        seen: list[ImportedItem] = []
        with pytest.raises(FileError):
            seen.extend(ConversationFile(io.BytesIO(json.dumps([{}] * 10_000).encode())))
        assert len(seen) < reading.ENOUGH_UNKNOWN

    def test_nothing_is_a_file_of_nothing(self) -> None:
        assert read(b"[]") == []
        assert read(b'{"format":"atelier-conversations","version":1,"conversations":[]}') == []

    def test_a_mark_before_it_and_blanks_around_it(self) -> None:
        assert len(read(b"\xef\xbb\xbf \n" + listed(1, 2) + b"\n ")) == 2

    def test_one_conversation_by_itself(self) -> None:
        [item] = read(json.dumps(chatgpt_small()).encode())
        assert isinstance(item, ImportedConversation)
        [item] = read(json.dumps(librechat([librechat_message("u", None, "茶", is_user=True)])).encode())
        assert isinstance(item, ImportedConversation)

    def test_what_comes_before_a_fault_is_there(self) -> None:
        seen: list[ImportedItem] = []
        with pytest.raises(FileError):
            seen.extend(ConversationFile(io.BytesIO(listed(1, 2)[:-20])))
        assert len(seen) == 1


class TestTooLarge:
    def test_one_conversation_doesnt_take_the_others_along(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "MOST_VALUES", 500)
        large = chatgpt_small(2)
        large["mapping"] |= {f"x{n}": large["mapping"]["u"] for n in range(100)}
        first, second, third = read(json.dumps([chatgpt_small(1), large, chatgpt_small(3)]).encode())
        assert isinstance(second, RefusedConversation)
        assert (second.reason, second.title) == (ConversationReason.TOO_LARGE, "茶 2")
        assert isinstance(first, ImportedConversation)
        assert isinstance(third, ImportedConversation)

    def test_a_hundred_thousand_nodes(self) -> None:
        large = chatgpt_small(1)
        large["mapping"] |= {
            f"x{n}": {"id": f"x{n}", "parent": f"x{n - 1}" if n else "u", "message": None, "children": []}
            for n in range(100_000)
        }
        refused, other = read(json.dumps([large, chatgpt_small(2)]).encode())
        assert isinstance(refused, RefusedConversation)
        assert refused.reason is ConversationReason.TOO_LARGE
        assert isinstance(other, ImportedConversation)

    def test_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "MOST_CHARACTERS", 1_000)
        large = chatgpt_small(2, safe_urls=["x" * 600, "y" * 600])
        _first, second = read(json.dumps([chatgpt_small(1), large]).encode())
        assert isinstance(second, RefusedConversation)
        assert second.reason is ConversationReason.TOO_LARGE

    def test_nesting(self) -> None:
        deep = b"[" * 50_000 + b"]" * 50_000
        data = b"[" + json.dumps(chatgpt_small()).encode() + b',{"mapping":{"a":' + deep + b"}}]"
        _first, second = read(data)
        assert isinstance(second, RefusedConversation)
        assert second.reason is ConversationReason.TOO_LARGE
        assert second.params == {"limit": records.DEEPEST}

    def test_a_text_without_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archives, "MOST_CHARACTERS", 300_000)
        assert reason_of(b'["' + b"x" * 1_000_000) is FileReason.TOO_LARGE
        assert reason_of(b'["' + b'\\"' * 500_000) is FileReason.TOO_LARGE
        assert reason_of(b'["' + b"\\\\" * 500_000) is FileReason.TOO_LARGE

    def test_all_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archives, "LARGEST", 100_000)
        assert reason_of(b"[" + b" " * 200_000 + b"]") is FileReason.TOO_LARGE

    def test_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "MOST_CONVERSATIONS", 3)
        assert reason_of(listed(1, 2, 3, 4)) is FileReason.TOO_LARGE


class TestZip:
    def test_the_export_as_it_is_downloaded(self) -> None:
        data = zipped(
            {"chat.html": b"<html>", "conversations.json": listed(1, 2), "user.json": b"{}", "a.png": b"x"}
        )
        assert [item.title for item in read(data)] == ["茶 1", "茶 2"]

    def test_packed_anew_and_in_several_parts(self) -> None:
        data = zipped(
            {
                "export/conversations-001.json": listed(3),
                "export/conversations-000.json": listed(1, 2),
                "__MACOSX/export/._conversations-000.json": b"junk",
                "shared_conversations.json": b"junk",
            }
        )
        assert [item.title for item in read(data)] == ["茶 1", "茶 2", "茶 3"]

    def test_without_conversations(self) -> None:
        assert (
            reason_of(zipped({"../../conversations.json.exe": b"[]", "user.json": b"{}"})) is FileReason.ZIP
        )
        assert reason_of(zipped({})) in (FileReason.ZIP, FileReason.NOT_JSON)

    def test_damaged(self) -> None:
        data = zipped({"conversations.json": listed(*range(200))})
        assert reason_of(data[:-10]) is FileReason.ZIP
        assert reason_of(data[:60] + b"\xff" * 50 + data[110:]) is FileReason.ZIP

    def test_encrypted(self) -> None:
        data = bytearray(zipped({"conversations.json": listed(1)}))
        for mark in (b"PK\x03\x04", b"PK\x01\x02"):
            data[data.index(mark) + (6 if mark.endswith(b"\x04") else 8)] |= 1
        assert reason_of(bytes(data)) is FileReason.ZIP

    def test_a_bomb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archives, "LARGEST", 1_000_000)
        bomb = zipped({"conversations.json": b"[" + b" " * 50_000_000 + b"]"})
        assert len(bomb) < 100_000
        assert reason_of(bomb) is FileReason.TOO_LARGE
        parts = {f"conversations-{n:03}.json": b"[" + b" " * 300_000 + b"]" for n in range(9)}
        assert reason_of(zipped(parts)) is FileReason.TOO_LARGE

    def test_endless_contents(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archives, "MOST_ENTRIES", 100)
        many = {f"{n}.png": b"" for n in range(101)}
        assert reason_of(zipped({**many, "conversations.json": b"[]"})) is FileReason.TOO_LARGE
        monkeypatch.setattr(archives, "LARGEST_CONTENTS", 2_000)
        assert reason_of(zipped({**many, "conversations.json": b"[]"})) is FileReason.TOO_LARGE


PROGRAM = """
import sys
from conversations.domain.imports.reading import ConversationFile
with open(sys.argv[1], "rb") as file:
    print(sum(1 for _ in ConversationFile(file)))
with open("/proc/self/status") as status:  # what it took at most; `getrusage` counts who started it along
    print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")))
assert "django" not in sys.modules
"""


def test_memory_doesnt_grow_with_the_file(tmp_path: Path) -> None:
    """In a process of its own, which needs 20 MiB for itself. Of 200 MB it was as little."""
    file = tmp_path / "conversations.json"
    one = json.dumps(chatgpt_small(1, safe_urls=["https://example.com/" + "x" * 1_000] * 1_000)).encode()
    with file.open("wb") as written:
        written.write(b"[" + one)
        for _ in range(25):
            written.write(b"," + one)
        written.write(b"]")
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=True, timeout=300
    )
    count, megabytes = map(int, said.stdout.split())
    assert count == 26
    assert file.stat().st_size > 25_000_000
    assert megabytes < 80
