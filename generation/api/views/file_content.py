"""The content of files, behind links that are signed instead of a login. Outside of the API: files are answered, and
only errors are JSON."""

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from config.api.exceptions import answer_to
from config.api.sending import file_response
from config.db import release_connection
from config.errors import AppError
from config.files.errors import FileRangeError
from generation.services.file_links import file_of_link, storage_url
from generation.services.files import file_open


@require_safe
def file_content(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        file, seconds_left = file_of_link(token)
        if elsewhere := storage_url(file):
            headers = {"Cache-Control": f"private, max-age={seconds_left}", "Referrer-Policy": "no-referrer"}
            return HttpResponseRedirect(elsewhere, headers=headers)
        content = file_open(file)
        release_connection()
        return file_response(
            request,
            content,
            size=file.size,
            tag=file.content_tag,
            media_type=file.media_type,
            name=file.name,
            max_age=seconds_left,
        )
    except AppError as exc:
        response = answer_to(exc, request)
        response.headers["Cache-Control"] = "no-store"
        if isinstance(exc, FileRangeError):
            response.headers["Content-Range"] = f"bytes */{exc.params['size']}"
        return response
