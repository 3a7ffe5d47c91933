"""What can't be kept is refused with its reason, and nothing of it is left."""

import io
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import StoredFile
from tests.generation.files.uploads import FILES, refusal, stored, upload
from tests.support.pictures import picture, png_bomb

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client(alice: User, client_for: ClientFor) -> APIClient:
    return client_for(alice)


@pytest.fixture(autouse=True)
def _nothing_is_left(db: None) -> Iterator[None]:
    yield
    assert not StoredFile.objects.exists()
    assert stored() == set()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "FILE_TYPE_REFUSED"),
        (b"PK\x03\x04\x14\x00\x08\x00", "FILE_TYPE_REFUSED"),
        (b"MZ\x90\x00\x03", "FILE_TYPE_REFUSED"),
        ("茶馆".encode("gb18030"), "FILE_TYPE_REFUSED"),
        ("茶馆".encode()[:-1], "FILE_TYPE_REFUSED"),
        (("a" * 65_535 + "茶").encode()[:-1], "FILE_TYPE_REFUSED"),
        (b"text with a NUL\x00", "FILE_TYPE_REFUSED"),
        (b"\xef\xbb\xbf\xff", "FILE_TYPE_REFUSED"),
        (picture("BMP"), "FILE_TYPE_REFUSED"),
        (picture("TIFF"), "FILE_TYPE_REFUSED"),
    ],
    ids=["empty", "pdf", "zip", "exe", "gb18030", "half a character", "half a character later", "nul", "bom", "bmp",
         "tiff"],
)  # fmt: skip
def test_what_no_room_uses(client: APIClient, content: bytes, code: str) -> None:
    """Whatever the name says."""
    assert refusal(upload(client, content, "picture.png")) == (422, code)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("part", [0.1, 0.6, 0.95])
def test_a_picture_that_is_cut_off(client: APIClient, kind: str, part: float) -> None:
    whole = picture(kind, (300, 200))
    assert refusal(upload(client, whole[: max(12, int(len(whole) * part))])) == (422, "FILE_PICTURE_BROKEN")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff" + b"\x00" * 100,
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"GIF89a=1;alert(1)//" + b" " * 100,
        picture("PNG").replace(b"IDAT", b"JDAT"),
    ],
    ids=["png", "gif", "jpeg", "webp", "script", "no data"],
)
def test_a_beginning_makes_no_picture(client: APIClient, content: bytes) -> None:
    assert refusal(upload(client, content)) == (422, "FILE_PICTURE_BROKEN")


def test_a_bomb_is_known_by_its_header(client: APIClient) -> None:
    bomb = png_bomb(40_000, 40_000)
    assert len(bomb) < 10_000
    answer = upload(client, bomb)
    assert refusal(answer) == (422, "FILE_PICTURE_TOO_LARGE")
    assert answer.json()["data"]["details"] == {"width": 40_000, "height": 40_000, "limit": 50_000_000}


def test_a_bomb_in_a_pictures_text(client: APIClient) -> None:
    """A megabyte of packed zeros would become a gigabyte."""
    text = b"comment\x00\x00" + zlib.compress(bytes(200_000_000), 9)
    length, kind = len(text).to_bytes(4, "big"), b"zTXt"
    chunk = length + kind + text + zlib.crc32(kind + text).to_bytes(4, "big")
    plain = picture("PNG")
    end_of_header = 8 + 25
    answer = upload(client, plain[:end_of_header] + chunk + plain[end_of_header:])
    assert refusal(answer) == (422, "FILE_PICTURE_BROKEN")


def test_a_file_that_is_too_large(client: APIClient, settings: Any) -> None:
    settings.FILE_MAX_BYTES = 100_000
    assert refusal(upload(client, b"a" * 100_001)) == (413, "FILE_TOO_LARGE")
    assert refusal(upload(client, b"a" * 300_000)) == (413, "FILE_TOO_LARGE")


def test_a_quota_that_is_used_up(alice: User, client: APIClient, settings: Any) -> None:
    settings.FILE_QUOTA_BYTES = 1000
    answer = upload(client, b"a" * 1001)
    assert refusal(answer) == (409, "FILE_QUOTA_EXCEEDED")
    assert answer.json()["data"]["details"] == {"used": 0, "limit": 1000, "size": 1001}


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{}", "application/json", (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"x", "multipart/form-data", (400, "MALFORMED_REQUEST")),
        (b"x", "multipart/form-data; boundary=", (400, "MALFORMED_REQUEST")),
        (b"", "multipart/form-data; boundary=x", (422, "VALIDATION_FAILED")),
        (b"--x--\r\n", "multipart/form-data; boundary=x", (422, "VALIDATION_FAILED")),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
         "multipart/form-data; boundary=x", (422, "VALIDATION_FAILED")),
        (b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\ntext\r\n--x--\r\n',
         "multipart/form-data; boundary=x", (422, "VALIDATION_FAILED")),
        (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntext that goes on',
         "multipart/form-data; boundary=x", (422, "VALIDATION_FAILED")),
    ],
    ids=["json", "no boundary", "empty boundary", "nothing", "no part", "no file", "no name", "cut off"],
)  # fmt: skip
def test_forms_without_a_file(
    client: APIClient, body: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    assert refusal(client.generic("POST", FILES, body, content_type=content_type)) == expected


def test_a_body_without_a_length_is_read_as_far_as_any_other(client: APIClient, settings: Any) -> None:
    """`config.api.bodies` tells such a length then."""
    settings.MAX_BODY_BYTES = 1000
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"a" * 1000
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.generic(
        "POST", FILES, body[:1001], content_type="multipart/form-data; boundary=x", **chunked
    )
    assert refusal(answer) == (413, "BODY_TOO_LARGE")


def test_more_than_the_file(client: APIClient) -> None:
    file = SimpleUploadedFile("a.txt", b"a")
    answer = client.post(FILES, {"file": file, "owner": "bob"}, format="multipart")
    assert refusal(answer) == (422, "VALIDATION_FAILED")
    both = [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]
    assert refusal(client.post(FILES, {"file": both}, format="multipart")) == (422, "VALIDATION_FAILED")
    other = {"file": SimpleUploadedFile("a.txt", b"a"), "picture": SimpleUploadedFile("b.txt", b"b")}
    assert refusal(client.post(FILES, other, format="multipart")) == (422, "VALIDATION_FAILED")


def test_a_disk_that_is_full(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fills up in the middle of the file."""
    default_storage.exists("x")  # so that there is one to be patched
    save = type(default_storage._wrapped)._save

    def failing(self: Any, name: str, content: Any) -> Any:
        save(self, name, io.BytesIO(b"half"))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(default_storage._wrapped), "_save", failing)
    answer = upload(client, b"a text")
    assert refusal(answer) == (503, "FILE_STORAGE_UNAVAILABLE")
    assert answer.json()["data"]["retryable"] is True
