"""Files of public models, for everybody."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from config.api.schema import operation
from config.api.views import Accepted, Answer
from generation.services.file_links import file_link
from models3d.api.serializers.gallery import ModelDownloadCreateIn, ModelDownloadOut
from models3d.api.views.gallery import GalleryApi
from models3d.errors import ModelFileFailedError, ModelFormatError
from models3d.models import ModelFile
from models3d.services.downloads import model_download

#: After so many seconds it is worth asking again for a file that is being converted.
SOON_SECONDS = 2


class ModelDownloadApi(GalleryApi):
    waits = True

    @operation(
        "Download a public model",
        description=(
            "A link to its file in a format, scaled if you name a size; without a login. It counts as a download, once "
            "a day for each account, or address without one. What isn't there yet is converted: ask again after "
            "`Retry-After` seconds, or wait, which takes a login. Its licence says what you may do with it."
        ),
        request=ModelDownloadCreateIn,
        request_example={"format": "stl", "size_mm": 80},
        response=ModelDownloadOut,
        example={
            "is_ready": True,
            "format": "stl",
            "url": "https://atelier.example.com/files/WyIwMTkzIiwxXQ:1tGx:3q2uVw",
            "url_expires_at": "2026-01-31T09:00:00.000000Z",
            "name": "茶壶.stl",
            "size": 624_084,
        },
        status=202,
        errors=(ModelFormatError, ModelFileFailedError),
        operation_id="downloadModel",
    )
    def post(self, request: Request, **keys: Any) -> Answer:
        if request.user is None:
            self.wait_seconds = 0.0  # a stranger holds no thread
        return self._download(self.read(ModelDownloadCreateIn))

    def finished(self, job_id: UUID) -> Answer:  # type: ignore[override]
        return self._download(self.read(ModelDownloadCreateIn))

    def _download(self, asked: dict[str, Any]) -> Answer:
        found = model_download(model_id=self.key, **asked)
        if found.file is None and found.job is not None:
            accepted = Accepted(_shown(self.request, found), job_id=found.job.pk)
            accepted.headers["Retry-After"] = str(SOON_SECONDS)
            return accepted
        return Answer(_shown(self.request, found))


def _shown(request: Request, found: ModelFile) -> dict[str, Any]:
    file = found.file
    link = file_link(file) if file is not None else None
    return {
        "is_ready": file is not None,
        "format": found.format,
        "url": link and request.build_absolute_uri(link.url),
        "url_expires_at": link and link.expires_at,
        "name": file and file.name,
        "size": file and file.size,
    }
