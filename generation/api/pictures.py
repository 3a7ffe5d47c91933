"""Links to the pictures of requests, in rows as the database has written them."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from generation.api.thumbnails import link_thumbnails
from generation.services.file_links import file_path


def link_pictures(request: Request, image_requests: list[dict[str, Any]]) -> None:
    """Give the images of these rows of `ImageRequestOut` their `url`, and their thumbnails theirs."""
    for image in (image for row in image_requests for image in row["images"]):
        if file := image["file"]:
            image["url"] = request.build_absolute_uri(file_path(UUID(file["id"])))
            link_thumbnails(request, [file])
