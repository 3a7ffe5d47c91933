"""Categories, content templates and projects in the admin. They are written by services, as everywhere."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import User
from config.admin.base import BaseAdmin, ServiceAdmin
from config.admin.forms import OwnedForm
from templates.admin.imports import ProjectsImport
from templates.domain.placeholders import check
from templates.models import Category, ContentTemplate, DocumentVersion, Project
from templates.services.sources import (
    content_template_create,
    content_template_delete,
    content_template_update,
    project_create,
    project_delete,
    project_update,
)


@admin.register(Category)
class CategoryAdmin(BaseAdmin):
    list_display = ("code", "name_zh", "name_en", "is_shown", "order")
    list_editable = ("is_shown", "order")
    list_filter = ("is_shown",)
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("order", "code")
    fields = (("name_zh", "name_en"), "code", ("is_shown", "order"))


class ContentTemplateForm(OwnedForm):
    def clean_prompt_zh(self) -> str:
        return self._checked("prompt_zh")

    def clean_prompt_en(self) -> str:
        return self._checked("prompt_en")

    def _checked(self, field: str) -> str:
        """Every placeholder that isn't one, with its place."""
        prompt: str = self.cleaned_data[field]
        is_chinese = (get_language() or "").startswith("zh")
        problems = [one.message_zh if is_chinese else one.message_en for one in check(prompt)]
        if problems:
            raise forms.ValidationError(
                [forms.ValidationError(text, code="placeholder") for text in problems]
            )
        return prompt


@admin.register(ContentTemplate)
class ContentTemplateAdmin(ServiceAdmin):
    form = ContentTemplateForm
    list_display = ("code", "name_zh", "name_en", "category", "library", "is_active", "order", "updated_at")
    list_filter = ("category", "is_active", ("owner", admin.EmptyFieldListFilter))
    list_select_related = ("category", "owner")
    search_keys = ("pk", "owner_id")
    search_fields = ("code", "name_zh", "name_en")
    search_help_text = _("A template's or owner's id, or a part of a code or name")
    autocomplete_fields = ("category", "owner")
    ordering = ("category__order", "order", "pk")
    fieldsets = (
        (None, {"fields": ("owner", "category", "code", ("order", "is_active"))}),
        (
            _("Name and description"),
            {"fields": (("name_zh", "name_en"), ("description_zh", "description_en"))},
        ),
        (_("Prompts"), {"fields": ("prompt_zh", "prompt_en")}),
    )

    @display(description=_("library"))
    def library(self, template: ContentTemplate) -> Any:
        return _("shared") if template.owner is None else template.owner

    def create(self, *, owner: User | None, category: Category, **fields: Any) -> ContentTemplate:
        owner_id = owner.pk if owner else None
        return content_template_create(owner_id=owner_id, category_code=category.code, **fields)

    def change(self, row: ContentTemplate, **changes: Any) -> None:
        if "category" in changes:
            changes["category_code"] = changes.pop("category").code
        content_template_update(template=row, **changes)

    def remove(self, row: ContentTemplate) -> None:
        content_template_delete(template=row)


@admin.register(Project)
class ProjectAdmin(ProjectsImport, ServiceAdmin):
    goes_along = (DocumentVersion,)
    list_display = ("code", "name_zh", "name_en", "owner", "website", "updated_at")
    list_filter = ("created_at",)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("code", "name_zh", "name_en")
    search_help_text = _("A project's or owner's id, or a part of a code or name")
    autocomplete_fields = ("owner",)
    sortable_by = ("code",)
    fieldsets = (
        (None, {"fields": ("owner", "code", "website")}),
        (_("Chinese"), {"fields": ("name_zh", "description_zh")}),
        (_("English"), {"fields": ("name_en", "description_en")}),
    )

    def create(self, *, owner: User, **texts: str) -> Project:
        return project_create(owner_id=owner.pk, **texts)

    def change(self, row: Project, **texts: str) -> None:
        project_update(project=row, **texts)

    def remove(self, row: Project) -> None:
        project_delete(project=row)
