"""The gallery as pages for people. Outside of the API: nobody logs in, and only the viewer needs JavaScript."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from config.api.language import asked_language, page_language
from config.api.lists.query import read_list_query
from config.api.lists.reading import read_page
from config.api.sending import file_response
from config.api.throttling import AddressLimit
from config.db import release_connection
from config.errors import AppError, RateLimitedError, ValidationFailedError
from generation.services.files import file_open
from models3d.api.forms import ReportForm
from models3d.api.page_models import card, shown
from models3d.api.pages import (
    GALLERY,
    LIST_CACHE,
    MODEL,
    MODEL_CACHE,
    Place,
    address,
    gone,
    key_of,
    message,
    page,
    too_many,
)
from models3d.api.views.gallery import public_model_shown
from models3d.api.views.page_filters import SPEC, chips, fields, sorts
from models3d.domain.words import ReportReason
from models3d.errors import ModelNotPublicError
from models3d.selectors.pages import FILES, public_file_find
from models3d.services.interactions import view_record
from models3d.services.reports import report_create

ON_A_PAGE = 24
#: Seconds for which browsers and whoever stands before us keep a picture or a mesh without asking.
FILE_CACHE = "public, max-age=300"


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    with page_language(request):
        if refused := too_many(request):
            return refused
        asked = _asked(request)
        rows, cursor, problem = _rows(asked)
        language = {"lang": asked_language(request)}
        here = {name: value for name, value in asked.items() if name != "cursor"}
        shown = {
            "description": _(
                "Made and published by people here. Each says its size, its licence, and whether it prints as it is."
            ),
            "asked": asked,
            "kept_by_search": {**here, "search": "", **language},
            "kept_by_filters": {"search": asked.get("search"), "sort": asked.get("sort"), **language},
            "is_narrowed": bool(asked.keys() - {"sort"}),
            "cards": [card(request, row) for row in rows],
            "next_address": cursor and address(request, GALLERY, **{**here, "cursor": cursor}),
            "problem": problem,
            "sorts": sorts(request, asked),
            "fields": fields(asked),
            "chips": chips(request, here),
        }
        status = 422 if problem else 200
        return page(request, "list", shown, place=(GALLERY, [], asked), status=status, cache=LIST_CACHE)


@require_safe
def model_page(request: HttpRequest, model_id: str) -> HttpResponse:
    with page_language(request):
        if refused := too_many(request):
            return refused
        key = key_of(model_id)
        try:
            view_record(model_id=key)
            row = public_model_shown(key)
        except ModelNotPublicError:
            return gone(request)
        place: Place = (MODEL, [key], {})
        return page(request, "model", shown(request, row), place=place, cache=MODEL_CACHE, has_viewer=True)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def model_report(request: HttpRequest, model_id: str) -> HttpResponse:
    """A form for whoever thinks that a model shouldn't be shown."""
    with page_language(request):
        if refused := too_many(request):
            return refused
        form = ReportForm(request.POST or None, label_suffix="")
        try:
            row = public_model_shown(key_of(model_id))
            if form.is_valid():
                AddressLimit(request, "model-report").begin()
                said = form.cleaned_data
                reason = ReportReason(said["reason"])
                report_create(model_id=key_of(model_id), reporter_id=None, reason=reason, text=said["text"])
                return message(request, _("Thank you"), _("Somebody of the staff will look at it."))
        except ModelNotPublicError:
            return gone(request)
        except RateLimitedError as exc:
            form.add_error(None, exc.message(get_language() or "en"))
        context = {"model": row, "form": form, "model_address": address(request, MODEL, row["id"])}
        return page(request, "report", context, status=422 if form.is_bound else 200)


@require_safe
def model_file(request: HttpRequest, model_id: str, name: str) -> HttpResponseBase:
    """A picture or the mesh that a page shows: at an address that stays, for caches and for previews elsewhere."""
    key = key_of(model_id)
    try:
        file = public_file_find(key, name) if name in FILES else None
        if not file:
            return HttpResponse(status=404)
        content = file_open(file)
        release_connection()
        response = file_response(
            request,
            content,
            size=file.size,
            tag=file.content_tag,
            media_type=file.media_type,
            name=file.name,
            max_age=0,
        )
    except AppError as exc:
        return HttpResponse(status=exc.status)
    response.headers["Cache-Control"] = FILE_CACHE
    return response


def _asked(request: HttpRequest) -> dict[str, str]:
    """What the address asks for. Forms send empty fields, and others append words of theirs to addresses."""
    names = (*SPEC.filters, "sort", "cursor")
    return {name: value for name in names if (value := request.GET.get(name, "").strip())}


def _rows(asked: Mapping[str, str]) -> tuple[list[dict[str, Any]], str, str]:
    """The rows, the cursor behind the last one, and why nothing can be looked for."""
    params = QueryDict(mutable=True)
    params.update({"cursor": "", **asked, "limit": str(ON_A_PAGE)})
    try:
        found = read_page(SPEC, read_list_query(SPEC, params))
    except ValidationFailedError as exc:
        return [], "", str(exc.details["fields"][0]["message"])
    except AppError as exc:
        return [], "", exc.message(get_language() or "en")
    return orjson.loads(found.data_json), (found.meta or {}).get("next_cursor") or "", ""
