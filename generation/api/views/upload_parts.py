"""Where parts of uploads are sent, behind addresses that are signed instead of a login. Outside of the API: the body is
the part, and only errors are JSON."""

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from config.api.exceptions import answer_to
from config.errors import AppError
from generation.services.uploads import part_of_link, part_put


@method_decorator(csrf_exempt, name="dispatch")
class UploadPartView(View):
    """Answers as S3 does: 200 and nothing."""

    http_method_names = ["put", "options"]
    body_setting = "UPLOAD_PART_BYTES"

    def put(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            upload, number = part_of_link(token)
            size = int(request.META.get("CONTENT_LENGTH") or 0)
            part_put(upload=upload, number=number, source=request, size=size)  # type: ignore[arg-type]
        except AppError as exc:
            response = answer_to(exc, request)
            response.headers["Cache-Control"] = "no-store"
            return response
        return HttpResponse()
