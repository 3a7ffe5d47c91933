"""Endpoints of uploads in parts."""

from typing import Any

import orjson
from rest_framework.request import Request

from config.api.lists.filters import AnyOf, ChoiceFilter, time_range
from config.api.lists.views import ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Answer, Created, NoContent
from config.errors import PreconditionFailedError
from config.files.errors import (
    FileNotHereError,
    FileQuotaError,
    FileStorageError,
    FileTooLargeError,
    FileTypeRefusedError,
    PictureBrokenError,
    PictureTooLargeError,
    UploadBusyError,
    UploadHashError,
    UploadIncompleteError,
    UploadNotHereError,
    UploadStateError,
)
from generation.api.serializers.files import DETAIL_EXAMPLE as FILE_EXAMPLE
from generation.api.serializers.files import FileDetailOut
from generation.api.serializers.uploads import DETAIL_EXAMPLE, UploadCreateIn, UploadDetailOut, UploadOut
from generation.api.views.files import file_detail
from generation.domain.uploads import UploadState
from generation.models import Upload
from generation.selectors.uploads import parts_arrived, upload_list_for
from generation.services.uploads import part_urls, upload_abort, upload_begin, upload_complete


class UploadsApi(ResourceApi):
    scope = "files"
    read_model = UploadOut
    selector = upload_list_for
    route = "upload"
    missing = UploadNotHereError

    def detail(self, upload: Upload) -> dict[str, Any]:
        """The row as lists show it, with its parts."""
        row = orjson.loads(self.row_json(upload.pk).data_json)
        if upload.state != UploadState.OPEN:
            return {**row, "parts": [], "parts_expire_at": None}
        arrived = parts_arrived(upload)
        urls, expires_at = part_urls(upload)
        parts = [
            {
                "number": number,
                "size": size,
                "has_arrived": number in arrived,
                "url": self.request.build_absolute_uri(urls[number]),
            }
            for number, size in upload.parts.items()
        ]
        return {**row, "parts": parts, "parts_expire_at": expires_at}


class UploadListApi(UploadsApi, ListApi):
    filters = {"state": AnyOf(ChoiceFilter(UploadState)), **time_range("created_at")}
    summary = "List uploads"

    @operation(
        "Begin an upload",
        description=(
            "For what is larger than `POST /files` takes, or comes over a line that breaks. Send each part's bytes to "
            "its `url` by PUT, in any order and as often as needed, then complete the upload; `GET` says which have "
            "arrived. What is announced counts for the quota."
        ),
        request=UploadCreateIn,
        request_example={"name": "茶杯.stl", "size": DETAIL_EXAMPLE["size"]},
        response=UploadDetailOut,
        example=DETAIL_EXAMPLE,
        status=201,
        errors=(FileTooLargeError, FileQuotaError, FileStorageError),
    )
    def post(self, request: Request) -> Created:
        upload = upload_begin(owner_id=self.caller.pk, **self.read(UploadCreateIn))
        return Created(self.detail(upload), self.location(upload))


class UploadApi(UploadsApi):
    @operation(
        "Read an upload",
        description="Which of its parts have arrived, and where each is sent.",
        response=UploadDetailOut,
        example=DETAIL_EXAMPLE,
        errors=(FileStorageError,),
    )
    def get(self, request: Request, **keys: Any) -> Answer:
        """Never 304: what has arrived is no part of the row."""
        return Answer(self.detail(self.row()), headers={"ETag": self.current_etag()})

    @operation(
        "Abort an upload",
        description="Its parts go, and the quota counts it no more. One that is over stays as it is.",
        status=204,
        errors=(UploadStateError, PreconditionFailedError),
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as upload:
            upload_abort(upload=upload)
        return NoContent()


class UploadCompleteApi(UploadsApi):
    # Nobody waits for the database's lock while parts are read.
    works_in_transaction = False

    @operation(
        "Complete an upload",
        description=(
            "The parts become a file, if its content is of a type that is taken and, where one was announced, has the "
            "SHA-256. What is refused leaves the upload as it is. A second time answers the same file."
        ),
        request=None,
        response=FileDetailOut,
        example=FILE_EXAMPLE,
        errors=(
            UploadIncompleteError,
            UploadHashError,
            UploadBusyError,
            UploadStateError,
            FileNotHereError,
            FileTooLargeError,
            FileTypeRefusedError,
            PictureBrokenError,
            PictureTooLargeError,
            FileQuotaError,
            FileStorageError,
        ),
    )
    def post(self, request: Request, **keys: Any) -> dict[str, Any]:
        return file_detail(request, upload_complete(upload=self.row()))
