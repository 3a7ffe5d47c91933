"""Projects, categories and content templates."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from rest_framework.request import Request

from config import audit
from config.api.lists import BoolFilter, SearchFilter, TextFilter, read_row, time_range
from config.api.lists.views import DetailApi, ListApi
from config.api.schema import operation
from config.api.views import ApiView, Created, Detail, NoContent
from config.errors import NotFoundError, PreconditionFailedError
from templates.api.examples import CONTENT_TEMPLATE, CONTENT_TEMPLATE_IN, PROJECT, PROJECT_IN, TAG
from templates.api.serializers import (
    CategoryOut,
    ContentTemplateCreateIn,
    ContentTemplateOut,
    ProjectCreateIn,
    ProjectOut,
)
from templates.errors import (
    CategoryUnknownError,
    PlaceholderInvalidError,
    ProjectBusyError,
    ProjectCodeTakenError,
    ProjectNameMissingError,
    TemplateCodeTakenError,
    TemplateInUseError,
    TemplateReadOnlyError,
)
from templates.models import ContentTemplate, Project
from templates.selectors import (
    category_list,
    content_template_get_for,
    content_template_list_for,
    project_get_for,
    project_list_for,
)
from templates.services import (
    content_template_create,
    content_template_delete,
    content_template_update,
    project_create,
    project_delete,
    project_update,
)

PROJECT_ERRORS = (ProjectNameMissingError, ProjectCodeTakenError)
TEMPLATE_ERRORS = (CategoryUnknownError, PlaceholderInvalidError, TemplateCodeTakenError)


class ProjectListApi(ListApi):
    scope = "templates"
    read_model = ProjectOut
    selector = project_list_for
    filters = {
        "code": TextFilter("code"),
        "search": SearchFilter("name_zh", "name_en", help="Text anywhere in either name."),
        **time_range("created_at"),
    }
    sorts = ("created_at", "updated_at", "code")
    summary = "List projects"
    tag = TAG
    example = PROJECT

    @operation(
        "Create a project",
        tag=TAG,
        request=ProjectCreateIn,
        request_example=PROJECT_IN,
        response=ProjectOut,
        status=201,
        example=PROJECT,
        errors=PROJECT_ERRORS,
    )
    def post(self, request: Request) -> Created:
        project = project_create(owner_id=self.caller.pk, **self.read(ProjectCreateIn))
        row = read_row(ProjectApi.source, owner_id=self.caller.pk, project_id=project.pk)
        return Created(row, f"/api/v1/templates/projects/{project.pk}")


class ProjectApi(DetailApi):
    scope = "templates"
    read_model = ProjectOut
    selector = project_get_for
    summary = "Read a project"
    tag = TAG
    example = PROJECT

    @operation(
        "Change a project",
        tag=TAG,
        description="Its documents turn stale in the languages whose texts have changed.",
        request=ProjectCreateIn,
        request_example={"description_zh": "社区图书馆的借阅与活动平台。"},
        response=ProjectOut,
        example=PROJECT,
        errors=(*PROJECT_ERRORS, PreconditionFailedError),
    )
    def patch(self, request: Request, project_id: UUID) -> Detail:
        changes = self.read(ProjectCreateIn, partial=True)
        with transaction.atomic():
            project = self._own(request, project_id)
            self.check_if_match(self.current_etag(request, project_id=project_id))
            project_update(project=project, **changes)
        return Detail(read_row(self.source, owner_id=self.caller.pk, project_id=project_id))

    @operation("Delete a project with its documents", tag=TAG, status=204, errors=(ProjectBusyError,))
    def delete(self, request: Request, project_id: UUID) -> NoContent:
        with transaction.atomic():
            project_delete(project=self._own(request, project_id))
        return NoContent()

    def _own(self, request: Request, project_id: UUID) -> Project:
        project = project_get_for(self.caller.pk, project_id).select_for_update().first()
        if project is None:
            raise NotFoundError
        return project


class CategoryListApi(ListApi):
    scope = "templates"
    read_model = CategoryOut
    selector = category_list
    sorts = ("order", "code")
    default_sort = "order"
    summary = "List categories"
    tag = TAG
    example = {**CONTENT_TEMPLATE["category"], "is_shown": True, "order": 1} | {
        name: PROJECT[name] for name in ("created_at", "updated_at")
    }


class ContentTemplateListApi(ListApi):
    scope = "templates"
    read_model = ContentTemplateOut
    selector = content_template_list_for
    filters = {
        "category_code": TextFilter("category__code"),
        "code": TextFilter("code"),
        "is_active": BoolFilter(Q(is_active=True)),
        "search": SearchFilter("name_zh", "name_en", help="Text anywhere in either name."),
    }
    sorts = ("order", "code", "created_at", "updated_at")
    default_sort = "order"
    summary = "List content templates"
    description = "The shared library and your own."
    tag = TAG
    example = CONTENT_TEMPLATE


class ContentTemplateCreateApi(ApiView):
    scope = "templates"

    @operation(
        "Create a content template",
        tag=TAG,
        request=ContentTemplateCreateIn,
        request_example=CONTENT_TEMPLATE_IN,
        response=ContentTemplateOut,
        status=201,
        example=CONTENT_TEMPLATE,
        errors=TEMPLATE_ERRORS,
    )
    def post(self, request: Request) -> Created:
        template = content_template_create(owner_id=self.caller.pk, **self.read(ContentTemplateCreateIn))
        row = read_row(ContentTemplateApi.source, owner_id=self.caller.pk, content_template_id=template.pk)
        return Created(row, f"/api/v1/templates/{template.pk}")


class ContentTemplateApi(DetailApi):
    scope = "templates"
    read_model = ContentTemplateOut
    selector = content_template_get_for
    summary = "Read a content template"
    tag = TAG
    example = CONTENT_TEMPLATE

    @operation(
        "Change a content template",
        tag=TAG,
        description="Documents made from it turn stale. Staff change the shared library, everybody their own.",
        request=ContentTemplateCreateIn,
        request_example={"is_active": False},
        response=ContentTemplateOut,
        example=CONTENT_TEMPLATE,
        errors=(*TEMPLATE_ERRORS, TemplateReadOnlyError, PreconditionFailedError),
    )
    def patch(self, request: Request, content_template_id: UUID) -> Detail:
        changes: dict[str, Any] = self.read(ContentTemplateCreateIn, partial=True)
        with transaction.atomic():
            template = self._writable(request, content_template_id)
            self.check_if_match(self.current_etag(request, content_template_id=content_template_id))
            before = {**vars(template), "category_code": template.category.code}
            content_template_update(template=template, **changes)
            if template.owner_id is None:
                audit.record(request.user, "change", template, changes=audit.compared(before, changes))
        scope = {"owner_id": self.caller.pk, "content_template_id": content_template_id}
        return Detail(read_row(self.source, **scope))

    @operation(
        "Delete a content template",
        tag=TAG,
        status=204,
        errors=(TemplateReadOnlyError, TemplateInUseError),
    )
    def delete(self, request: Request, content_template_id: UUID) -> NoContent:
        with transaction.atomic():
            template = self._writable(request, content_template_id)
            if template.owner_id is None:
                audit.record(request.user, "delete", template)
            content_template_delete(template=template)
        return NoContent()

    def _writable(self, request: Request, content_template_id: UUID) -> ContentTemplate:
        rows = content_template_get_for(self.caller.pk, content_template_id)
        template = rows.select_for_update().first()
        if template is None:
            raise NotFoundError
        if template.owner_id is None and not self.caller.is_staff:
            raise TemplateReadOnlyError
        return template
