"""Uploads for these tests, and what lies in the storage then."""

from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

FILES = "/api/v1/files"


def upload(client: APIClient, content: bytes, name: str = "茶馆.png", **options: Any) -> Any:
    return client.post(FILES, {"file": SimpleUploadedFile(name, content)}, format="multipart", **options)


def refusal(answer: Any) -> tuple[int, str]:
    """The status and the code of an answer that isn't a success."""
    body = answer.json()
    return answer.status_code, body["data"].get("code") or body["code"]


def stored() -> set[str]:
    """The keys of all objects."""
    try:
        accounts, _ = default_storage.listdir("users")
    except FileNotFoundError:
        return set()
    return {
        f"users/{account}/{name}"
        for account in accounts
        for name in default_storage.listdir(f"users/{account}")[1]
    }
