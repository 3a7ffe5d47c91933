"""The content of a file behind its link: whole, in part, under its name, and never as a page of ours."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import StoredFile
from generation.services import file_links
from generation.services.file_links import file_link
from generation.services.files import file_delete, file_store
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(48, 58)) * 20_000  # more than one piece
SIZE = len(CONTENT)


@pytest.fixture
def file(alice: User) -> StoredFile:
    return file_store(owner_id=alice.pk, source=CONTENT, name="数字.txt")


def read(file: StoredFile, **headers: str) -> Any:
    return Client().get(file_link(file).url, headers=headers)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_whole(file: StoredFile) -> None:
    answer = read(file)
    assert (answer.status_code, body(answer)) == (200, CONTENT)
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"] == f'"{file.sha256}"'
    seconds = int(answer.headers["Cache-Control"].removeprefix("private, max-age="))
    assert 3500 < seconds <= 3600


def test_known_already(file: StoredFile) -> None:
    answer = read(file, if_none_match=f'"{file.sha256}"')
    assert (answer.status_code, answer.content) == (304, b"")
    assert body(read(file, if_none_match='"another"')) == CONTENT


def test_only_its_head(file: StoredFile) -> None:
    answer = Client().head(file_link(file).url)
    assert (answer.status_code, body(answer)) == (200, b"")
    assert answer.headers["Content-Length"] == str(SIZE)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_but_reading(file: StoredFile, method: str) -> None:
    assert getattr(Client(), method)(file_link(file).url).status_code == 405


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=5-14", 5, 14),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        (f"bytes=10-{SIZE * 9}", 10, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        (f"bytes=-{SIZE * 9}", 0, SIZE - 1),
        ("bytes=65535-65537", 65535, 65537),
    ],
)
def test_a_range(file: StoredFile, asked: str, first: int, last: int) -> None:
    answer = read(file, range=asked)
    assert (answer.status_code, body(answer)) == (206, CONTENT[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize(
    "asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0", f"bytes={'9' * 18}-"]
)
def test_a_range_behind_the_end(file: StoredFile, asked: str) -> None:
    answer = read(file, range=asked)
    assert (answer.status_code, answer.json()["data"]["code"]) == (416, "FILE_RANGE_INVALID")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=",
        "bytes=-",
        "bytes=9-3",
        "bytes=a-b",
        "bytes=0-1,5-6",
        "lines=0-1",
        "0-5",
        f"bytes={'9' * 40}-",
    ],
)
def test_what_is_no_range_gets_everything(file: StoredFile, asked: str) -> None:
    answer = read(file, range=asked)
    assert (answer.status_code, body(answer)) == (200, CONTENT)


def test_a_range_of_another_version(file: StoredFile) -> None:
    assert read(file, range="bytes=0-1", if_range='"another"').status_code == 200
    assert read(file, range="bytes=0-1", if_range=f'"{file.sha256}"').status_code == 206


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tea.png", 'inline; filename="tea.png"'),
        ('say "hi".png', 'inline; filename="say -hi-.png"'),
        ("con.png", 'inline; filename="_con.png"'),
        ("茶馆 🍵.png", "inline; filename*=utf-8''%E8%8C%B6%E9%A6%86%20%F0%9F%8D%B5.png"),
        ("a\r\nSet-Cookie: x=y.png", 'inline; filename="a Set-Cookie- x=y.png"'),
    ],
)
def test_under_its_name(alice: User, name: str, said: str) -> None:
    answer = read(file_store(owner_id=alice.pk, source=picture(), name=name))
    assert answer.headers["Content-Disposition"] == said
    assert answer.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    "content", [b"<script>alert(1)</script>", b"<svg onload='alert(1)'/>", "茶".encode()]
)
def test_no_text_is_a_page(alice: User, content: bytes) -> None:
    answer = read(file_store(owner_id=alice.pk, source=content, name="page.html"))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_link_with_another_byte(file: StoredFile) -> None:
    """Whichever it is."""
    url = file_link(file).url
    *_, token = url.split("/")
    start = len(url) - len(token)
    for place in range(start, len(url)):
        forged = url[:place] + ("A" if url[place] != "A" else "B") + url[place + 1 :]
        answer = Client().get(forged)
        assert (answer.status_code, answer.json()["data"]["code"]) == (403, "FILE_LINK_INVALID"), place


@pytest.mark.parametrize("token", ["x", "x:y", "W10:1:2", "%00", "茶", "a" * 3000])
def test_no_link_at_all(db: None, token: str) -> None:
    answer = Client().get(f"/files/{token}")
    assert (answer.status_code, answer.json()["data"]["code"]) == (403, "FILE_LINK_INVALID")


def test_a_signature_for_something_else(file: StoredFile) -> None:
    other = file_links.signing.dumps([file.pk.hex, 2**40], salt="accounts.account/password")
    assert Client().get(f"/files/{other}").json()["data"]["code"] == "FILE_LINK_INVALID"


def test_a_link_that_has_expired(file: StoredFile, monkeypatch: pytest.MonkeyPatch) -> None:
    link = file_link(file)
    end = link.expires_at.timestamp()
    monkeypatch.setattr(file_links.time, "time", lambda: end - 1)
    assert Client().get(link.url).status_code == 200
    monkeypatch.setattr(file_links.time, "time", lambda: end)
    answer = Client().get(link.url)
    assert (answer.status_code, answer.json()["data"]["code"]) == (410, "FILE_LINK_EXPIRED")
    assert answer.headers["Cache-Control"] == "no-store"


def test_how_long_a_link_is_good_is_a_setting(file: StoredFile, settings: Any) -> None:
    long = file_link(file).expires_at
    settings.FILE_LINK_SECONDS = 600
    assert timedelta(seconds=2990) < long - file_link(file).expires_at < timedelta(seconds=3010)


def test_a_link_to_a_file_that_is_deleted(file: StoredFile) -> None:
    url = file_link(file).url
    file_delete(file=file)
    answer = Client().get(url)
    assert (answer.status_code, answer.json()["data"]["code"]) == (404, "FILE_NOT_FOUND")


def test_a_file_whose_content_is_lost(file: StoredFile, client_for: Callable[[User], APIClient]) -> None:
    default_storage.delete(file.key)
    answer = read(file)
    assert (answer.status_code, answer.json()["data"]["code"]) == (404, "FILE_LOST")
    chinese = read(file, accept_language="zh")
    assert "缺少该文件的内容" in chinese.json()["data"]["message"]


def test_no_connection_is_held_while_somebody_reads(
    file: StoredFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generation.api.views import file_content

    released: list[bool] = []
    monkeypatch.setattr(file_content, "release_connection", lambda: released.append(True))
    answer = read(file)
    assert released == [True]
    answer.close()
