"""Uploads in parts for these tests: their addresses are followed wherever they lead, as a client does."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from django.core.files.storage import default_storage
from rest_framework.test import APIClient

UPLOADS = "/api/v1/uploads"
#: As small as these tests want them.
PART = 1000


def begin(client: APIClient, size: int, **given: Any) -> Any:
    return client.post(UPLOADS, {"name": "茶杯.stl", "size": size, **given})


def put(url: str, part: bytes) -> tuple[int, str]:
    """The status and, where it was refused by us, the code."""
    if "testserver" in url:
        path = urlsplit(url).path
        answer: Any = APIClient().generic("PUT", path, part, content_type="application/octet-stream")
        return answer.status_code, answer.json()["data"]["code"] if answer.content else ""
    try:
        headers = {"Content-Type": "application/octet-stream"}  # as urllib would call it a form
        with urlopen(Request(url, part, headers, method="PUT")) as there:  # noqa: S310 — a server of this test
            return there.status, ""
    except HTTPError as refused:
        return refused.code, ""


def pieces(upload: dict[str, Any], content: bytes) -> dict[int, bytes]:
    size = upload["part_bytes"]
    return {one["number"]: content[(one["number"] - 1) * size :][: one["size"]] for one in upload["parts"]}


def send(upload: dict[str, Any], content: bytes, *numbers: int) -> None:
    """Those parts, in this order; all where none is named."""
    parts, urls = pieces(upload, content), {one["number"]: one["url"] for one in upload["parts"]}
    for number in numbers or parts:
        assert put(urls[number], parts[number]) == (200, "")


def arrived(client: APIClient, upload: dict[str, Any]) -> list[int]:
    shown = client.get(f"{UPLOADS}/{upload['id']}").json()["data"]
    return [one["number"] for one in shown["parts"] if one["has_arrived"]]


def complete(client: APIClient, upload: dict[str, Any]) -> Any:
    return client.post(f"{UPLOADS}/{upload['id']}/complete")


def parts_stored() -> set[str]:
    """The names of what lies in the folders of all uploads, as `<upload>/<name>`."""
    storage: Any = default_storage
    found = set()
    for account in _folders("users"):
        for upload in _folders(f"users/{account}/uploads"):
            found |= {f"{upload}/{name}" for name in storage.sizes(f"users/{account}/uploads/{upload}/")}
    return found


def _folders(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[0]
    except FileNotFoundError:
        return []


class Requests:
    """What documents import as `requests`, to whichever server an address names."""

    def __init__(self, client: APIClient, *, breaks_at: int | None = None) -> None:
        self._client = client
        self._left = breaks_at

    def post(self, url: str, *, json: Any = None, headers: Any = None) -> "Answered":
        return Answered(self._client.post(urlsplit(url).path, json))

    def get(self, url: str, *, headers: Any = None) -> "Answered":
        return Answered(self._client.get(urlsplit(url).path))

    def put(self, url: str, *, data: bytes) -> "Answered":
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise ConnectionError
        status, _ = put(url, data)
        return Answered(None, status)


class Answered:
    def __init__(self, answer: Any, status: int | None = None) -> None:
        self.status_code = status or answer.status_code
        self._content = answer.content if answer is not None else b""

    def json(self) -> Any:
        return json.loads(self._content)

    def raise_for_status(self) -> None:
        assert self.status_code < 400, self._content
