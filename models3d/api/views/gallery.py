"""The gallery: public models, for everybody, with a login or without."""

from typing import Any
from uuid import UUID

import orjson
from django.db.models import Q
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from config.api.lists.filters import AnyOf, BoolFilter, ChoiceFilter, SearchFilter, TextFilter
from config.api.lists.reading import read_row
from config.api.lists.views import ListApi, ResourceApi, row_source
from config.api.schema import operation
from config.api.scopes import OPEN
from config.api.throttling import AddressLimit
from config.api.views import Answer, ApiView, Detail
from config.errors import NotFoundError
from models3d.api.addresses import file_address
from models3d.api.filters import SizeFilter, TagFilter
from models3d.api.serializers.gallery import (
    FavoriteModelOut,
    GalleryModelDetailOut,
    GalleryModelOut,
    GalleryReportCreateIn,
    GalleryReportOut,
    GalleryRowOut,
    LicenceTermsOut,
    LikedModelOut,
    RemixFamilyOut,
)
from models3d.domain.licences import TERMS, Licence
from models3d.domain.words import Format, Origin, ReportReason, ReportState
from models3d.errors import ModelNotPublicError
from models3d.models.models import LICENCE_WORDS
from models3d.selectors.gallery import favourite_list_for, liked_list_for, public_model_list, remix_family
from models3d.services.interactions import view_record
from models3d.services.reports import report_create

#: Seconds for which a page of the gallery serves whoever comes by the same cache.
FRESH_SECONDS = 15
SORTS = {
    "newest": "-published_at!",
    "likes": "-likes",
    "downloads": "-downloads",
    "views": "-views",
    "trending": "-trend",
}
#: When they were marked.
MARKED_SORTS = {"created_at": "pk"}
DETAIL = row_source(GalleryRowOut, public_model_list)
ID = "019a6f5e-7c1d-7a40-9d55-2f0f3f1c5b11"
TERMS_EXAMPLE = {
    "id": "CC-BY-4.0",
    "name": "知识共享 署名",
    "url": "https://creativecommons.org/licenses/by/4.0/",
    "allows_remixes": True,
    "allows_commerce": True,
    "needs_credit": True,
    "needs_same": False,
}
RELATIVE = {
    "id": ID,
    "name": "茶壶 Teapot",
    "author": "alice",
    "licence": "CC-BY-4.0",
    "likes": 12,
    "published_at": "2026-01-31T08:00:00.000000Z",
}


def terms_of(licence: str) -> dict[str, Any]:
    """What a licence says, in the reader's language."""
    one = Licence(licence)
    terms = TERMS[one]
    names = ("url", "allows_remixes", "allows_commerce", "needs_credit", "needs_same")
    return {
        "id": one.value,
        "name": str(LICENCE_WORDS[one]),
        **{name: getattr(terms, name) for name in names},
    }


class PublicModelsApi(ResourceApi):
    """Public models, for who is logged in."""

    scope = "models"
    tag = "gallery"
    read_model = GalleryModelOut
    selector = public_model_list
    route = "public-model"
    missing = ModelNotPublicError


class GalleryApi(PublicModelsApi):
    """Public models, for everybody. Who is logged in sees the same."""

    scope = OPEN
    permission_classes = (AllowAny,)


class GalleryListApi(GalleryApi, ListApi):
    filters = {
        "search": SearchFilter(help="Words anywhere in name and description."),
        "printable": BoolFilter(
            Q(is_printable=True), help="Only those that can be printed as they are, or only others."
        ),
        "max_size_mm": SizeFilter("longest_mm__lte", help="Those whose longest side isn't longer."),
        "licence": AnyOf(ChoiceFilter(Licence, help="By SPDX's name.")),
        "format": AnyOf(ChoiceFilter(Format, "source_format", help="That of their own file.")),
        "tag": TagFilter(help="Those that have this tag."),
        "made_with_ai": BoolFilter(
            Q(origin=Origin.AI_GENERATED.value), help="Only those that were made with AI, or only others."
        ),
        "author": TextFilter("owner__username", help="Those that this account has published."),
    }
    sorts = SORTS
    default_sort = "newest"
    summary = "Look around in the gallery"
    description = (
        "Public models, without a login. `newest`, `likes`, `downloads` and `views` begin with the most; `trending` is "
        "log10(1 + views + 4 · likes + 6 · favorites + 8 · downloads) plus a seventh for each day by which a model was "
        "published later. The same page may be served for some seconds; an `ETag` says whether it has changed."
    )

    def get(self, request: Request, **keys: Any) -> Detail:
        answer = Detail(self.read_page(request))
        answer.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
        return answer


class GalleryModelApi(GalleryApi):
    @operation(
        "Look at a public model",
        description=(
            "Without a login. Counts as a view, once a day for each account, or address without one. Its `recipe` is "
            "there if its owner shows it; `remix_of` stays when what it was made of is gone, and says so."
        ),
        response=GalleryModelDetailOut,
        example={
            **GalleryModelOut.example(),
            "description": "一把可以打印的小茶壶。",
            "version": 1,
            "report": {"triangles": 12_480, "is_watertight": True},
            "viewer_url": GalleryRowOut.members["viewer_url"].example,
            "licence_terms": TERMS_EXAMPLE,
            "recipe": None,
            "remix_of": {"id": None, "name": "茶壶", "is_deleted": True},
        },
        operation_id="getPublicModel",
    )
    def get(self, request: Request, **keys: Any) -> Detail:
        view_record(model_id=self.key)
        return Detail(public_model_shown(self.key))


def public_model_shown(model_id: UUID) -> dict[str, Any]:
    """A public model as everybody may see it. Raises `ModelNotPublicError`."""
    try:
        row: dict[str, Any] = orjson.loads(read_row(DETAIL, pk=model_id).data_json)
    except NotFoundError:
        raise ModelNotPublicError from None
    if row["recipe"] and row["recipe"]["picture_url"]:
        row["recipe"]["picture_url"] = file_address(model_id, "picture")
    row["licence_terms"] = terms_of(row["licence"])
    row["remix_of"] = _remix_of(row)
    for name in ("parent_id", "parent_name", "parent_is_public", "remix_note"):
        del row[name]
    return row


def _remix_of(row: dict[str, Any]) -> dict[str, Any] | None:
    """What is said of a parent that is public, of one that isn't, and of one that is deleted."""
    if row["parent_id"] is None:
        note = row["remix_note"]
        return {"id": None, "name": note["name"], "is_deleted": True} if note else None
    if not row["parent_is_public"]:
        return {"id": None, "name": None, "is_deleted": False}
    return {"id": row["parent_id"], "name": row["parent_name"], "is_deleted": False}


class GalleryRemixesApi(GalleryApi):
    @operation(
        "Read what a public model was made of, and what was made of it",
        response=RemixFamilyOut,
        example={
            "ancestors": [RELATIVE],
            "remixes": [{**RELATIVE, "parent_id": ID, "depth": 1}],
            "is_whole": True,
        },
        operation_id="listModelRemixes",
    )
    def get(self, request: Request, **keys: Any) -> dict[str, Any]:
        ancestors, remixes, is_whole = remix_family(self.key)
        return {
            "ancestors": [_relative(row) for row in ancestors],
            "remixes": [
                {**_relative(row), "parent_id": row["remix_of_id"], "depth": row["depth"]} for row in remixes
            ],
            "is_whole": is_whole,
        }


def _relative(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["pk"],
        "name": row["name"],
        "author": row["owner__username"],
        "licence": row["licence"],
        "likes": row["likes"],
        "published_at": row["published_at"],
    }


class GalleryReportApi(GalleryApi):
    @operation(
        "Report a public model",
        description=(
            "Tell staff that it shouldn't be shown, with a login or without. They decide, and if they take it out of "
            "the gallery its owner hears of it. Who reports it once more changes what was said."
        ),
        request=GalleryReportCreateIn,
        request_example={"reason": "copyright", "text": "这是我的设计。"},
        response=GalleryReportOut,
        example={
            "id": ID,
            "reason": ReportReason.COPYRIGHT.value,
            "state": ReportState.OPEN.value,
            "created_at": "2026-01-31T08:00:00.000000Z",
        },
        status=201,
        operation_id="reportModel",
    )
    def post(self, request: Request, **keys: Any) -> Answer:
        said = self.read(GalleryReportCreateIn)
        reporter = self.caller.pk if self.request.user is not None else None
        if reporter is None:
            AddressLimit(request, "model-report").begin()
        report = report_create(
            model_id=self.key, reporter_id=reporter, reason=ReportReason(said["reason"]), text=said["text"]
        )
        shown = {name: getattr(report, name) for name in ("id", "reason", "state", "created_at")}
        return Answer(shown, status=201)


class LicenceListApi(ApiView):
    scope = OPEN
    tag = "gallery"
    permission_classes = (AllowAny,)

    @operation(
        "Read the licences that a public model may have",
        response=LicenceTermsOut(many=True),
        example=[TERMS_EXAMPLE],
        operation_id="listLicences",
    )
    def get(self, request: Request) -> list[dict[str, Any]]:
        return [terms_of(one) for one in Licence]


# -- one's own ---------------------------------------------------------------------------------------------------------


class LikedModelListApi(ListApi):
    scope = "models"
    tag = "gallery"
    read_model = LikedModelOut
    selector = liked_list_for
    sorts = MARKED_SORTS
    summary = "List the public models that you like"


class FavoritedModelListApi(ListApi):
    scope = "models"
    tag = "gallery"
    read_model = FavoriteModelOut
    selector = favourite_list_for
    sorts = MARKED_SORTS
    summary = "List your favourites among public models"
