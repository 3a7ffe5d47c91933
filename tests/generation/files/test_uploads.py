"""Pictures and texts as people have them, with the names that they give."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from tests.generation.files.uploads import upload
from tests.support.meshes import glb, obj, stl, zipped
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client(alice: User, client_for: ClientFor) -> APIClient:
    return client_for(alice)


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture("JPEG", (40, 30), exif=exif)


def animated(kind: str) -> bytes:
    made, frames = io.BytesIO(), [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "green")]
    frames[0].save(made, kind, save_all=True, append_images=frames[1:], duration=100)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type", "size"),
    [
        (picture("PNG"), "image/png", (40, 30)),
        (picture("JPEG"), "image/jpeg", (40, 30)),
        (picture("WEBP"), "image/webp", (40, 30)),
        (picture("GIF"), "image/gif", (40, 30)),
        (picture("PNG", mode="1"), "image/png", (40, 30)),
        (picture("PNG", mode="RGBA"), "image/png", (40, 30)),
        (picture("JPEG", mode="CMYK"), "image/jpeg", (40, 30)),
        (picture("JPEG", (640, 480), progressive=True), "image/jpeg", (640, 480)),
        (rotated(), "image/jpeg", (30, 40)),
        (animated("GIF"), "image/gif", (40, 30)),
        (animated("WEBP"), "image/webp", (40, 30)),
        (animated("PNG"), "image/png", (40, 30)),
        (picture("PNG") + b"PK\x03\x04 and what else follows", "image/png", (40, 30)),
        ("茶\n\t🍵".encode(), "text/plain", None),
        (b"\xef\xbb\xbfa,b\r\n", "text/plain", None),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "text/plain", None),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain", None),
        (glb(), "model/gltf-binary", None),
        (stl(), "model/stl", None),
        (zipped({"杯/杯.obj": obj()}), "model/obj+zip", None),
        (("a" * 65_535 + "茶").encode(), "text/plain", None),
    ],
    ids=["png", "jpeg", "webp", "gif", "bilevel", "transparent", "cmyk", "progressive", "rotated", "animated gif",
         "animated webp", "animated png", "something behind it", "text", "bom", "svg", "html", "glb", "stl",
         "obj in a zip", "over the edge"],
)  # fmt: skip
def test_the_content_says_what_it_is(
    client: APIClient, content: bytes, media_type: str, size: tuple[int, int] | None
) -> None:
    for name in ("a.png", "a.jpg", "a.txt"):
        answer = upload(client, content, name)
        assert answer.status_code == 201, answer.json()
        file = answer.json()["data"]
        assert (file["media_type"], file["size"]) == (media_type, len(content))
        assert (file["width"], file["height"]) == (size or (None, None))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("茶馆 🍵.png", "茶馆 🍵.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\li\\茶.png", "茶.png"),
        ('say "hi".png', 'say "hi".png'),
        ("say %22hi%22 100%.png", 'say "hi" 100%.png'),
        ("a;b='c'%00.png", "a;b='c'%00.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("zero\u200bwidth.png", "zerowidth.png"),
        ("e\u0301.png", "é.png"),
        ("a" * 300 + ".png", "a" * 196 + ".png"),
        (".png", "png"),
        ("茶.", "茶"),
    ],
)
def test_names_are_for_people(client: APIClient, given: str, kept: str) -> None:
    answer = upload(client, b"x", given)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["data"]["name"] == kept


@pytest.mark.parametrize("raw", [b"\x00\x01", b"a\r\nb.png", b"\xff\xfe.png", b"\x1b[31m.png"])
def test_names_of_other_programs(client: APIClient, raw: bytes) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        + raw
        + b'"\r\n\r\ntext\r\n--x--\r\n'
    )
    answer = client.generic("POST", "/api/v1/files", body, content_type="multipart/form-data; boundary=x")
    if answer.status_code == 201:
        assert answer.json()["data"]["name"].isprintable()
    else:
        assert answer.status_code in (400, 422)


def test_an_upload_is_made_once(client: APIClient) -> None:
    headers: Any = {"Idempotency-Key": "k"}
    first = upload(client, b"tea", "a.txt", headers=headers)
    again = upload(client, b"tea", "a.txt", headers=headers)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (
        upload(client, b"coffee", "a.txt", headers=headers).json()["data"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    )
    assert len(client.get("/api/v1/files").json()["data"]) == 1
