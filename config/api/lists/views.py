"""Views over the list machine: declare what is listed or shown, and the rest follows."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from config.api.etags import body_etag
from config.api.lists.filters import Filter
from config.api.lists.plain import plain_serializer
from config.api.lists.query import DEEPEST_ROW, DEFAULT_LIMIT, LARGEST_LIMIT, read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import JsonPage, read_page, read_row
from config.api.lists.spec import ListSpec, Selector, Source
from config.api.renderers import success_body
from config.api.schema import operation
from config.api.views import ApiView, Detail
from config.errors import CursorInvalidError, NotFoundError, PageTooDeepError, ValidationFailedError


class ListApi(ApiView):
    """`GET` answers a page of rows.

        class DocumentListApi(ListApi):
            read_model = DocumentOut
            selector = document_list_for
            filters = {"language": ChoiceFilter(["zh", "en"])}
            sorts = ("created_at", "title")
            summary, tag, example = "List documents", "templates", [{…}]

    The selector's parameters are `owner_id` (if it has an owner) and the keys in the path. With `parent`, a selector
    of the same parameters, a list below something that isn't there (or isn't yours) is 404 instead of empty. A
    subclass may add other methods; `spec` serves callers without a request.
    """

    read_model: ClassVar[type[ReadModel]]
    selector: ClassVar[Selector]
    parent: ClassVar[Selector | None] = None
    filters: ClassVar[Mapping[str, Filter]] = {}
    sorts: ClassVar[Mapping[str, str] | Iterable[str]] = ("created_at",)
    default_sort: ClassVar[str] = "-created_at"
    summary: ClassVar[str]
    description: ClassVar[str] = ""
    tag: ClassVar[str]
    example: ClassVar[Any]
    spec: ClassVar[ListSpec]

    get: Callable[..., Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.spec = ListSpec(
            cls.read_model, cls.selector, filters=cls.filters, sorts=cls.sorts, default_sort=cls.default_sort
        )

        def get(self: ListApi, request: Request, **keys: Any) -> JsonPage:
            return self.read_page(request, **keys)

        cls.get = operation(
            cls.summary,
            tag=cls.tag,
            description=cls.description,
            example=cls.example,
            response=plain_serializer(cls.read_model),
            many=True,
            errors=(ValidationFailedError, PageTooDeepError, CursorInvalidError),
            parameters=list_parameters(cls.spec),
        )(get)

    def read_page(self, request: Request, **keys: Any) -> JsonPage:
        scope = _scope(self.spec, request, keys)
        page = read_page(self.spec, read_list_query(self.spec, request._request.GET), **scope)
        parent = type(self).parent
        if parent is not None and page.data_json == b"[]" and not parent(**scope).exists():
            raise NotFoundError
        return page


class DetailApi(ApiView):
    """`GET` answers one row with its ETag, or 404. The selector selects by `owner_id` and the keys in the path."""

    read_model: ClassVar[type[ReadModel]]
    selector: ClassVar[Selector]
    summary: ClassVar[str]
    description: ClassVar[str] = ""
    tag: ClassVar[str]
    example: ClassVar[Any]
    source: ClassVar[Source]

    get: Callable[..., Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.source = Source(cls.read_model, cls.selector)

        def get(self: DetailApi, request: Request, **keys: Any) -> Detail:
            return Detail(read_row(self.source, **_scope(self.source, request, keys)))

        cls.get = operation(
            cls.summary,
            tag=cls.tag,
            description=cls.description,
            example=cls.example,
            response=plain_serializer(cls.read_model),
            errors=(NotFoundError,),
        )(get)

    def current_etag(self, request: Request, **keys: Any) -> str:
        """The tag that `GET` gives now, for `check_if_match`. Raises NotFoundError."""
        return body_etag(success_body(read_row(self.source, **_scope(self.source, request, keys))))


def list_parameters(spec: ListSpec) -> list[OpenApiParameter]:
    """The query parameters of a list, for its schema."""
    sorts = [name for one in spec.sorts for name in (one, f"-{one}")]
    own = [
        _parameter(
            "page", {"type": "integer", "minimum": 1, "default": 1}, f"Pages reach {DEEPEST_ROW:,} rows."
        ),
        _parameter(
            "limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
        ),
        _parameter("sort", {"type": "string", "enum": sorts, "default": spec.default_sort}),
        _parameter(
            "cursor",
            {"type": "string"},
            "Instead of page: `next_cursor` of the answer before, with the same sort and filters; empty to begin. "
            "Nothing is counted then, and depth costs nothing.",
        ),
    ]
    return own + [_parameter(name, one.schema(), one.help) for name, one in spec.filters.items()]


def _parameter(name: str, schema: dict[str, Any], description: str = "") -> OpenApiParameter:
    return OpenApiParameter(name, type=schema, location=OpenApiParameter.QUERY, description=description)


def _scope(source: Source, request: Request, keys: Mapping[str, Any]) -> dict[str, Any]:
    return {**keys, "owner_id": request.user.pk} if "owner_id" in source.scope else dict(keys)
