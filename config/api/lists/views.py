"""Views over the list machine: declare what is listed or shown, and the rest follows."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, Protocol, cast
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Model, QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from config.api.etags import body_etag
from config.api.lists.filters import Filter
from config.api.lists.query import DEEPEST_ROW, DEFAULT_LIMIT, LARGEST_LIMIT, read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import JsonPage, JsonRow, read_page, read_row
from config.api.lists.spec import ListSpec, Selector, Sorts, Source
from config.api.renderers import success_body
from config.api.schema import operation
from config.api.views import Accepted, Answer, ApiView, Created, Detail
from config.errors import AppError, CursorInvalidError, NotFoundError, PageTooDeepError, ValidationFailedError


@cache
def row_source(read_model: type[ReadModel], selector: Selector) -> Source:
    """The rows of a list's selector narrowed to one, by a parameter `pk` more; compiled once, whoever asks."""
    keys = inspect.signature(selector, eval_str=True).parameters

    def one_row(**scope: Any) -> QuerySet[Any]:
        pk = scope.pop("pk")
        return selector(**scope).filter(pk=pk)

    pk = inspect.Parameter("pk", inspect.Parameter.KEYWORD_ONLY, annotation=UUID)
    others = [key.replace(kind=inspect.Parameter.KEYWORD_ONLY) for key in keys.values()]
    one_row.__signature__ = inspect.Signature([*others, pk])  # type: ignore[attr-defined]
    one_row.__name__ = f"{getattr(selector, '__name__', 'selector')}_row"
    return Source(read_model, one_row)


class LinkRows(Protocol):
    """Writes into rows, as the database has written them, what only a request can say, such as links."""

    def __call__(self, request: Request, rows: list[dict[str, Any]], /) -> None: ...


class ResourceApi(ApiView):
    """What the views of one kind of row have in common: which rows there are, how one is shown, and where it is.

        class ProjectsApi(ResourceApi):
            scope = "templates"
            read_model = ProjectOut
            selector = project_list_for
            route = "project"

    The selector answers a QuerySet of what may be seen. Its parameters are `owner_id` (if the rows have an owner) and
    the keys in the path of what stands above them; the last key of a row's own path is its primary key.
    """

    read_model: ClassVar[type[ReadModel]]
    selector: ClassVar[Selector]
    #: The name of the address of one row.
    route: ClassVar[str] = ""
    #: What is said of a row that isn't there, or isn't the caller's.
    missing: ClassVar[type[AppError]] = NotFoundError
    link_rows: ClassVar[LinkRows | None] = None
    row_source: ClassVar[Source]
    scope_names: ClassVar[frozenset[str]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "read_model") and hasattr(cls, "selector"):
            cls.row_source = row_source(cast(Any, cls.read_model), cls.selector)
            cls.scope_names = frozenset(cls.row_source.scope) - {"pk"}

    @property
    def rows_scope(self) -> dict[str, Any]:
        """The selector's arguments: whose rows, and below what."""
        scope = {name: key for name, key in self.kwargs.items() if name in self.scope_names}
        return {**scope, "owner_id": self.caller.pk} if "owner_id" in self.scope_names else scope

    @property
    def key(self) -> UUID:
        """The primary key in the path."""
        [key] = (key for name, key in self.kwargs.items() if name not in self.scope_names)
        return cast(UUID, key)

    def row(self, *, lock: bool = False) -> Any:
        """The model instance that the path names. Raises what `missing` says.

        A locked one is for a change in the same transaction: PostgreSQL lets no other writer near it; SQLite knows no
        row locks, but its transactions begin IMMEDIATE here, so that there is one writer at a time.
        """
        rows = type(self).selector(**self.rows_scope).filter(pk=self.key)
        found = (rows.select_for_update(of=("self",)) if lock else rows).first()
        if found is None:
            raise self.missing
        return found

    def shown(self, pk: UUID | None = None) -> Detail:
        """The row as `GET` shows it, with its ETag: the path's, or another of the same kind."""
        return Detail(self.row_json(pk or self.key))

    def created(self, row: Model) -> Created:
        return Created(self.row_json(row.pk), self.location(row))

    def location(self, row: Model) -> str:
        """The address of a row that was made below the path of this view."""
        return reverse(self.route, args=[*self.kwargs.values(), row.pk])

    def row_json(self, pk: UUID) -> JsonRow:
        try:
            return read_row(self.row_source, pk=pk, **self.rows_scope)
        except NotFoundError:
            raise self.missing from None

    def finished(self, job_id: UUID) -> Detail:
        """A product that is one job has the job's id."""
        return self.shown(job_id)

    @contextmanager
    def changing(self) -> Iterator[Any]:
        """The path's row, locked, in a transaction for its change; the caller's If-Match, if any, still fits it.

        Raises what `missing` says, PreconditionFailedError.
        """
        with transaction.atomic():
            row = self.row(lock=True)
            self.check_if_match(self.current_etag)
            yield row

    def current_etag(self) -> str:
        """The tag that `GET` gives now."""
        return body_etag(success_body(self.row_json(self.key)))


class ListApi(ResourceApi):
    """`GET` answers a page of rows.

        class ProjectListApi(ProjectsApi, ListApi):
            filters = {"code": TextFilter("code")}
            sorts = ("created_at", "code")
            summary = "List projects"

            @operation("Create a project", request=ProjectCreateIn, status=201)
            def post(self, request):
                return self.created(project_create(owner_id=self.caller.pk, **self.read(ProjectCreateIn)))

    With `parent`, the selector of what the path names above these rows, a list below something that isn't there (or
    isn't yours) is 404 instead of empty. `spec` serves callers without a request. A class with a `get` of its own
    calls `read_page`.
    """

    parent: ClassVar[Selector | None] = None
    filters: ClassVar[Mapping[str, Filter]] = {}
    sorts: ClassVar[Sorts] = ("created_at",)
    default_sort: ClassVar[str] = "-created_at"
    summary: ClassVar[str]
    description: ClassVar[str] = ""
    #: What `GET` may say, take and answer beyond what every list does.
    errors: ClassVar[Iterable[type[AppError]]] = ()
    parameters: ClassVar[Iterable[OpenApiParameter]] = ()
    media_types: ClassVar[Iterable[str]] = ()
    spec: ClassVar[ListSpec]

    get: Callable[..., Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.spec = ListSpec(
            cls.read_model, cls.selector, filters=cls.filters, sorts=cls.sorts, default_sort=cls.default_sort
        )

        def get(self: ListApi, request: Request, **keys: Any) -> JsonPage:
            return self.read_page(request)

        cls.get = operation(
            cls.summary,
            description=cls.description,
            response=cls.read_model,
            many=True,
            media_types=tuple(cls.media_types),
            errors=(ValidationFailedError, PageTooDeepError, CursorInvalidError, *cls.errors),
            parameters=(*list_parameters(cls.spec), *cls.parameters),
        )(vars(cls).get("get", get))

    def read_page(self, request: Request) -> JsonPage:
        query = read_list_query(self.spec, request._request.GET)
        page = read_page(self.spec, query, **self.rows_scope)
        if page.data_json == b"[]":
            self._require_parent()
        elif link_rows := type(self).link_rows:
            rows = orjson.loads(page.data_json)
            link_rows(request, rows)
            return replace(page, data_json=orjson.dumps(rows))
        return page

    def _require_parent(self) -> None:
        parent = type(self).parent
        if parent is None:
            return
        names = inspect.signature(parent).parameters
        above = {name: key for name, key in self.rows_scope.items() if name in names}
        [key] = (key for name, key in self.rows_scope.items() if name not in names)
        if not parent(**above).filter(pk=key).exists():
            raise self.missing


class DetailApi(ResourceApi):
    """`GET` answers one row with its ETag, or 404.

    class ProjectApi(ProjectsApi, DetailApi):
        summary = "Read a project"

        @operation("Change a project", request=ProjectCreateIn, errors=[PreconditionFailedError])
        def patch(self, request, **keys):
            changes = self.read(ProjectCreateIn, partial=True)
            with self.changing() as project:
                project_update(project=project, **changes)
            return self.shown()
    """

    summary: ClassVar[str]
    description: ClassVar[str] = ""

    get: Callable[..., Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

        def get(self: DetailApi, request: Request, **keys: Any) -> Detail:
            return self.shown()

        cls.get = operation(cls.summary, description=cls.description, errors=(cls.missing,))(get)


class LinkedApi(ResourceApi):
    """Rows with links that expire (`link_rows`)."""

    def linked(self, found: JsonRow) -> dict[str, Any]:
        """The row with its links."""
        row: dict[str, Any] = orjson.loads(found.data_json)
        if link_rows := type(self).link_rows:
            link_rows(self.request, [row])
        return row

    def shown(self, pk: UUID | None = None) -> Answer:  # type: ignore[override]
        """Never 304: the links of an earlier answer may have expired. The tag is the row's, whatever its links are."""
        found = self.row_json(pk or self.key)
        return Answer(self.linked(found), headers={"ETag": body_etag(success_body(found))})

    def accepted(self, pk: UUID, job_id: UUID) -> Accepted:
        return Accepted(self.linked(self.row_json(pk)), job_id=job_id)


def list_parameters(spec: ListSpec) -> list[OpenApiParameter]:
    """The query parameters of a list, for its schema."""
    own = [
        _parameter(
            "page",
            {"type": "integer", "minimum": 1, "maximum": DEEPEST_ROW, "default": 1},
            f"Pages reach {DEEPEST_ROW:,} rows.",
        ),
        _parameter(
            "limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
        ),
        _parameter(
            "cursor",
            {"type": "string"},
            "Instead of page: `next_cursor` of the answer before, with the same sort and filters; empty to begin. "
            "Nothing is counted then, and depth costs nothing.",
        ),
    ]
    return own + choice_parameters(spec)


def choice_parameters(spec: ListSpec) -> list[OpenApiParameter]:
    """Those that say which rows there are, and in which order."""
    sorts = [name for one in spec.sorts for name in (one, f"-{one}")]
    sort = _parameter("sort", {"type": "string", "enum": sorts, "default": spec.default_sort})
    return [sort, *(_parameter(name, one.schema(), one.help) for name, one in spec.filters.items())]


def _parameter(name: str, schema: dict[str, Any], description: str = "") -> OpenApiParameter:
    explode = False if schema.get("type") == "array" else None  # several values are written `a,b`
    return OpenApiParameter(
        name, type=schema, location=OpenApiParameter.QUERY, description=description, explode=explode
    )
