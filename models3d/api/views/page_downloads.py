"""Taking a public model along, without a login and without JavaScript."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.api.language import page_language
from config.api.throttling import AddressLimit
from config.errors import AppError
from generation.services.file_links import file_link
from models3d.api.forms import DownloadForm
from models3d.api.pages import gone, key_of, message, page, too_many
from models3d.errors import ModelNotPublicError
from models3d.services.downloads import model_download

#: Seconds after which a page that waits for a conversion looks again.
LOOKS_AGAIN = 4


@never_cache
@require_GET
def download_page(request: HttpRequest, model_id: str) -> HttpResponse:
    """The file in a format and a size, at its own address; a page that waits, while it is being converted."""
    with page_language(request):
        if refused := too_many(request):
            return refused
        form = DownloadForm(request.GET)
        if not form.is_valid():
            return message(request, _("That can't be downloaded"), form.problem, status=422)
        try:
            return _answer(request, model_id, form)
        except ModelNotPublicError:
            return gone(request)
        except AppError as exc:
            text = exc.message(get_language() or "en")
            return message(request, _("That can't be downloaded"), text, status=exc.status)


def _answer(request: HttpRequest, model_id: str, form: DownloadForm) -> HttpResponse:
    limit = AddressLimit(request, "model-conversion")
    limit.begin()
    found = model_download(model_id=key_of(model_id), **form.cleaned_data)
    if found.file is not None:
        limit.succeeded()
        return HttpResponseRedirect(file_link(found.file).url)
    text = _("It is being converted and begins by itself in some seconds. You can stay here.")
    response = page(request, "message", {"title": _("Your download is being made"), "text": text}, status=202)
    response.headers["Refresh"] = str(LOOKS_AGAIN)
    return response
