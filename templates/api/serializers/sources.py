"""Shapes of what documents are made from."""

from typing import Any

from django.db.models import Case, Value, When
from rest_framework import serializers

from config.api.lists.fields import Bool, Int, One, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictModelSerializer
from templates.domain.inputs import PROJECT_TEXTS
from templates.models import Category, ContentTemplate, Project

CODE = {"code": {"required": False, "help_text": "Derived from the name when left out."}}


class ProjectBrief(ReadModel, source_model=Project):
    """A project, as much as it takes to name it."""

    id = Uuid()
    code = Text(example="tea-house")
    name_zh = Text(example="云上茶馆")
    name_en = Text(example="Cloud Tea House")


class ProjectOut(ProjectBrief):
    """A product that documents are written about. One language's texts may be empty."""

    description_zh = Text(example="为社区茶馆提供预约与会员管理。")
    description_en = Text(example="Bookings and memberships for community tea houses.")
    website = Text(example="https://tea.example.com")
    created_at = Time()
    updated_at = Time()


class ProjectCreateIn(StrictModelSerializer):
    """A project to be made; one of the two names may be empty."""

    class Meta:
        model = Project
        fields = ("code", *PROJECT_TEXTS)
        extra_kwargs = CODE


class ProjectImportOut(serializers.Serializer[Any]):
    """What an import did, or with `dry_run` would do."""

    created = serializers.IntegerField(help_text="Projects that there were none of.")
    updated = serializers.IntegerField(help_text="Projects whose texts differ.")
    unchanged = serializers.IntegerField(help_text="Projects that are as the file says.")
    encoding = serializers.CharField(help_text="In which the file was read.")
    dry_run = serializers.BooleanField(help_text="Whether nothing was written.")


class CategoryBrief(ReadModel, source_model=Category):
    """A category, as much as it takes to name it."""

    id = Uuid()
    code = Text(example="product")
    name_zh = Text(example="产品定义")
    name_en = Text(example="Product definition")


class CategoryOut(CategoryBrief):
    """A shelf of the template library."""

    is_shown = Bool(example=True)
    order = Int()
    created_at = Time()
    updated_at = Time()


class ContentTemplateBrief(ReadModel, source_model=ContentTemplate):
    """A content template, as much as it takes to name it."""

    id = Uuid()
    code = Text(example="product-brief")
    name_zh = Text(example="产品简介")
    name_en = Text(example="Product brief")


class ContentTemplateOut(ContentTemplateBrief):
    """A bilingual recipe for one kind of document."""

    category = One(CategoryBrief)
    description_zh = Text(example="一页说清产品。")
    description_en = Text(example="The product on one page.")
    prompt_zh = Text(example="为 {{project_name}} 写一份产品简介。")
    prompt_en = Text(example="Write a product brief for {{project_name}}.")
    order = Int()
    is_active = Bool(example=True)
    is_shared = Bool(
        expression=Case(When(owner=None, then=Value(True)), default=Value(False)),
        help="Whether it belongs to the shared library, which only the staff change.",
        example=True,
    )
    created_at = Time()
    updated_at = Time()


class ContentTemplateCreateIn(StrictModelSerializer):
    """A content template of one's own. Placeholders: `{{project_name}}` and the others of the documentation."""

    category_code = serializers.SlugField(max_length=Category._meta.get_field("code").max_length)

    class Meta:
        model = ContentTemplate
        fields = (
            *("code", "category_code", "name_zh", "name_en", "description_zh", "description_en"),
            *("prompt_zh", "prompt_en", "order", "is_active"),
        )
        extra_kwargs = CODE
