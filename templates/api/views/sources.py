"""Projects, categories and content templates."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from config.api.files import FileImportIn
from config.api.lists.filters import BoolFilter, SearchFilter, TextFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.parsers import CsvParser
from config.api.schema import operation
from config.api.views import ApiView, Created, Detail, NoContent
from config.errors import BodyTooLargeError, PreconditionFailedError, UnsupportedMediaTypeError
from templates.api.serializers.sources import (
    CategoryOut,
    ContentTemplateCreateIn,
    ContentTemplateOut,
    ProjectCreateIn,
    ProjectImportOut,
    ProjectOut,
)
from templates.errors import (
    CategoryUnknownError,
    PlaceholderInvalidError,
    ProjectBusyError,
    ProjectCodeTakenError,
    ProjectCsvInvalidError,
    ProjectNameMissingError,
    TemplateCodeTakenError,
    TemplateInUseError,
    TemplateReadOnlyError,
)
from templates.selectors import category_list, content_template_list_for, project_list_for
from templates.services.sources import (
    content_template_create,
    content_template_delete,
    content_template_update,
    project_create,
    project_delete,
    project_update,
    projects_import,
)

TEMPLATE_EXAMPLE = {
    "category_code": "product",
    **{
        name: value
        for name, value in ContentTemplateOut.example().items()
        if name.startswith(("name_", "prompt_"))
    },
}
PROJECT_ERRORS = (ProjectNameMissingError, ProjectCodeTakenError)
TEMPLATE_ERRORS = (CategoryUnknownError, PlaceholderInvalidError, TemplateCodeTakenError)


class ProjectsApi(ResourceApi):
    scope = "templates"
    read_model = ProjectOut
    selector = project_list_for
    route = "project"


class ProjectListApi(ProjectsApi, ListApi):
    filters = {
        "code": TextFilter("code"),
        "search": SearchFilter(help="Words anywhere in either name."),
        **time_range("created_at"),
    }
    sorts = ("created_at", "updated_at", "code")
    summary = "List projects"

    @operation("Create a project", request=ProjectCreateIn, status=201, errors=PROJECT_ERRORS)
    def post(self, request: Request) -> Created:
        return self.created(project_create(owner_id=self.caller.pk, **self.read(ProjectCreateIn)))


class ProjectImportApi(ApiView):
    scope = "templates"
    parser_classes = (CsvParser,)

    @operation(
        "Import projects from a CSV file",
        description=(
            "The body is the file, with columns `name_zh`, `name_en`, `description_zh`, `description_en`, `website` "
            "and, if you like, `code`; Chinese headings are understood, too. A project is found again by its code or "
            "its names. A file with any mistake changes nothing: each is listed with its line."
        ),
        request={"text/csv": OpenApiTypes.BINARY},
        request_example="name_zh,name_en,website\n云上茶馆,Cloud Tea House,https://tea.example\n",
        response=ProjectImportOut,
        example={"created": 1, "updated": 0, "unchanged": 0, "encoding": "utf-8", "dry_run": False},
        errors=(ProjectCsvInvalidError, BodyTooLargeError, UnsupportedMediaTypeError),
        parameters=[FileImportIn],
    )
    def post(self, request: Request) -> dict[str, Any]:
        wanted = self.read_query(FileImportIn)
        body: Any = request.data
        result = projects_import(owner_id=self.caller.pk, data=body or b"", **wanted)
        return {**asdict(result), "dry_run": wanted["dry_run"]}


class ProjectApi(ProjectsApi, DetailApi):
    summary = "Read a project"

    @operation(
        "Change a project",
        description="Its documents turn stale in the languages whose texts have changed.",
        request=ProjectCreateIn,
        request_example={"description_zh": "社区图书馆的借阅与活动平台。"},
        errors=(*PROJECT_ERRORS, PreconditionFailedError),
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(ProjectCreateIn, partial=True)
        with self.changing() as project:
            project_update(project=project, **changes)
        return self.shown()

    @operation("Delete a project with its documents", status=204, errors=(ProjectBusyError,))
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with transaction.atomic():
            project_delete(project=self.row(lock=True))
        return NoContent()


class CategoryListApi(ListApi):
    scope = "templates"
    read_model = CategoryOut
    selector = category_list
    sorts = ("order", "code")
    default_sort = "order"
    summary = "List categories"


class ContentTemplatesApi(ResourceApi):
    scope = "templates"
    read_model = ContentTemplateOut
    selector = content_template_list_for
    route = "content-template"


class ContentTemplateListApi(ContentTemplatesApi, ListApi):
    filters = {
        "category_code": TextFilter("category__code"),
        "code": TextFilter("code"),
        "is_active": BoolFilter(Q(is_active=True)),
        "search": SearchFilter(help="Words anywhere in either name."),
    }
    sorts = ("order", "code", "created_at", "updated_at")
    default_sort = "order"
    summary = "List content templates"
    description = "The shared library and your own."


class ContentTemplateCreateApi(ContentTemplatesApi):
    @operation(
        "Create a content template",
        request=ContentTemplateCreateIn,
        request_example=TEMPLATE_EXAMPLE,
        status=201,
        errors=TEMPLATE_ERRORS,
    )
    def post(self, request: Request) -> Created:
        fields = self.read(ContentTemplateCreateIn)
        return self.created(content_template_create(owner_id=self.caller.pk, **fields))


class ContentTemplateApi(ContentTemplatesApi, DetailApi):
    summary = "Read a content template"

    @operation(
        "Change a content template",
        description="Documents made from it turn stale. Staff change the shared library, everybody their own.",
        request=ContentTemplateCreateIn,
        request_example={"is_active": False},
        errors=(*TEMPLATE_ERRORS, TemplateReadOnlyError, PreconditionFailedError),
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(ContentTemplateCreateIn, partial=True)
        with self.changing() as template:
            content_template_update(template=template, by=self.caller, **changes)
        return self.shown()

    @operation("Delete a content template", status=204, errors=(TemplateReadOnlyError, TemplateInUseError))
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with transaction.atomic():
            content_template_delete(template=self.row(lock=True), by=self.caller)
        return NoContent()
