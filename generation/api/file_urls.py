"""Where the content of files is, and where it comes in, outside of /api/v1."""

from django.urls import path

from generation.api.views.file_content import file_content
from generation.api.views.upload_parts import UploadPartView

urlpatterns = [
    path("files/<str:token>", file_content, name="file-content"),
    path("files/parts/<str:token>", UploadPartView.as_view(), name="upload-part"),
]
