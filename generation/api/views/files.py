"""Endpoints of files."""

from dataclasses import replace
from typing import Any

import orjson
from django.conf import settings
from rest_framework.request import Request

from config.api.lists.filters import AnyOf, ChoiceFilter, SearchFilter, time_range
from config.api.lists.reading import JsonPage, read_row
from config.api.lists.views import ListApi, ResourceApi
from config.api.parsers import FileParser
from config.api.schema import operation
from config.api.views import Answer, Created, NoContent
from config.errors import NotFoundError, PreconditionFailedError
from config.files.errors import (
    FileEmptyError,
    FileInUseError,
    FileNotHereError,
    FileQuotaError,
    FileStorageError,
    FileTooLargeError,
    FileTypeRefusedError,
    PictureBrokenError,
    PictureTooLargeError,
)
from config.files.types import TYPES
from generation.api.serializers.files import DETAIL_EXAMPLE, FileDetailOut, FileOut, FileUploadIn
from generation.api.thumbnails import link_thumbnails
from generation.models import StoredFile
from generation.selectors.files import file_list_for
from generation.services.file_links import file_link
from generation.services.files import file_delete, file_upload


class FilesApi(ResourceApi):
    scope = "files"
    read_model = FileOut
    selector = file_list_for
    route = "file"
    missing = FileNotHereError

    def detail(self, file: StoredFile) -> dict[str, Any]:
        return file_detail(self.request, file)


def file_detail(request: Request, file: StoredFile) -> dict[str, Any]:
    """The row as lists show it, with a link. Raises FileNotHereError for one that has gone."""
    link = file_link(file)
    try:
        row = orjson.loads(read_row(FilesApi.row_source, pk=file.pk, owner_id=file.owner_id).data_json)
    except NotFoundError:
        raise FileNotHereError from None
    link_thumbnails(request, [row])
    return {**row, "url": request.build_absolute_uri(link.url), "url_expires_at": link.expires_at}


class FileListApi(FilesApi, ListApi):
    parser_classes = (FileParser,)
    # Nobody waits for the database's lock while a file goes to the storage.
    works_in_transaction = False
    filters = {
        "search": SearchFilter(help="Words anywhere in the name."),
        "media_type": AnyOf(ChoiceFilter(TYPES)),
        **time_range("created_at"),
    }
    sorts = ("created_at", "size")
    summary = "List files"

    def get(self, request: Request, **keys: Any) -> JsonPage:
        page = self.read_page(request)
        rows = orjson.loads(page.data_json)
        link_thumbnails(request, rows)
        return replace(page, data_json=orjson.dumps(rows))

    @property
    def max_file_bytes(self) -> int:
        return settings.FILE_MAX_BYTES

    @operation(
        "Upload a file",
        description=(
            "Pictures (PNG, JPEG, WebP, GIF), text in UTF-8 and meshes (GLB, STL, OBJ, an OBJ with its textures in a "
            "ZIP, 3MF, PLY) are taken. What a file is, its content says; its name is for people."
        ),
        request={"multipart/form-data": FileUploadIn},
        request_example={"file": "(the file)"},
        response=FileDetailOut,
        example=DETAIL_EXAMPLE,
        status=201,
        errors=(
            FileEmptyError,
            FileTooLargeError,
            FileTypeRefusedError,
            PictureBrokenError,
            PictureTooLargeError,
            FileQuotaError,
            FileStorageError,
        ),
    )
    def post(self, request: Request) -> Created:
        given = self.read(FileUploadIn)["file"]
        name = given.name.replace("%22", '"')  # as browsers send it in a form
        file = file_upload(owner_id=self.caller.pk, source=given, name=name)
        return Created(self.detail(file), self.location(file))


class FileApi(FilesApi):
    @operation(
        "Read a file",
        description="Its facts, and a link to its content that is good for a while.",
        response=FileDetailOut,
        example=DETAIL_EXAMPLE,
    )
    def get(self, request: Request, **keys: Any) -> Answer:
        """Never 304: the link of an earlier answer may have expired."""
        return Answer(self.detail(self.row()), headers={"ETag": self.current_etag()})

    @operation(
        "Delete a file",
        description="What something of yours shows stays (409).",
        status=204,
        errors=(FileInUseError, PreconditionFailedError),
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as file:
            file_delete(file=file)
        return NoContent()
