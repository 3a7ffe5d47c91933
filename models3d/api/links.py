"""Links to the files of models, in rows as the database has written them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from generation.services.file_links import file_path


def link_models(request: Request, models: Iterable[dict[str, Any]]) -> None:
    """Give rows of `Model3DOut` the links to their current version."""
    for model in models:
        if version := model["version"]:
            model.update(_of_version(request, version))


def link_versions(request: Request, versions: Iterable[dict[str, Any]]) -> None:
    """Give rows of `ModelVersionRow` their links."""
    for version in versions:
        version.update(_of_version(request, version), url=_link(request, version["file_id"]))


def link_file(request: Request, row: dict[str, Any]) -> None:
    """Give a row of `ModelFileOut` its link."""
    if row["file_id"]:
        row["url"] = _link(request, row["file_id"])


def _of_version(request: Request, version: dict[str, Any]) -> dict[str, str]:
    return {
        "preview_url": _link(request, version["preview_id"]),
        "turntable_url": _link(request, version["turntable_id"]),
        "viewer_url": _link(request, version["viewer_id"] or version["file_id"]),
    }


def _link(request: Request, file_id: str) -> str:
    return request.build_absolute_uri(file_path(UUID(file_id)))
