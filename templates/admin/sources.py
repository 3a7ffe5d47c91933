"""Categories, content templates and projects in the back office. They are written by services, as everywhere."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Field, Model, URLField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin_site import BackOfficeAdmin
from config.errors import AppError
from templates.domain.placeholders import check
from templates.models import Category, ContentTemplate, Project
from templates.services import (
    content_template_create,
    content_template_delete,
    content_template_update,
    project_create,
    project_delete,
    project_update,
)

PROJECT_FIELDS = ("code", "name_zh", "name_en", "description_zh", "description_en", "website")
TEMPLATE_FIELDS = (
    "code", "name_zh", "name_en", "description_zh", "description_en", "prompt_zh", "prompt_en", "order", "is_active",
)  # fmt: skip


class ServiceAdmin(BackOfficeAdmin):
    """Rows that are written by services: subclasses say how one is created, changed and deleted.

    A rule that only the service knows is told as a message, and nothing is written.
    """

    def create(self, row: Any) -> Model:
        raise NotImplementedError

    def change(self, row: Any) -> None:
        raise NotImplementedError

    def remove(self, row: Any) -> None:
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            self.change(obj)
            return
        obj.pk = self.create(obj).pk
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """Without "delete selected", which deletes past the services."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_message(
            request, lambda: super(ServiceAdmin, self).changeform_view(request, *args, **kwargs)
        )

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_message(
            request, lambda: super(ServiceAdmin, self).delete_view(request, *args, **kwargs)
        )

    @staticmethod
    def _or_message(request: HttpRequest, view: Any) -> HttpResponse:
        try:
            answer: HttpResponse = view()
        except AppError as exc:
            messages.error(request, exc.message(get_language() or "en"))
            return HttpResponseRedirect(request.path.removesuffix("delete/"))
        return answer


@admin.register(Category)
class CategoryAdmin(BackOfficeAdmin):
    list_display = ("code", "name_zh", "name_en", "is_shown", "order")
    list_editable = ("is_shown", "order")
    list_filter = ("is_shown",)
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("order", "code")
    fields = (("name_zh", "name_en"), "code", ("is_shown", "order"))


class OwnedForm(forms.ModelForm):
    """Checks what is unique per owner although the owner can't be changed and isn't among the form's fields."""

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"owner"}


class ContentTemplateForm(OwnedForm):
    class Meta:
        model = ContentTemplate
        fields = ("owner", "category", *TEMPLATE_FIELDS)

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
    search_fields = ("code", "name_zh", "name_en", "owner__username__istartswith")
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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("owner",)

    def create(self, row: ContentTemplate) -> ContentTemplate:
        fields = {name: getattr(row, name) for name in TEMPLATE_FIELDS}
        return content_template_create(owner_id=row.owner_id, category_code=row.category.code, **fields)

    def change(self, row: ContentTemplate) -> None:
        content_template_update(template=row)

    def remove(self, row: ContentTemplate) -> None:
        content_template_delete(template=row)


@admin.register(Project)
class ProjectAdmin(ServiceAdmin):
    form = OwnedForm
    list_display = ("code", "name_zh", "name_en", "owner", "website", "updated_at")
    list_filter = ("created_at",)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("code", "name_zh", "name_en", "owner__username__istartswith")
    search_help_text = _("A project's or owner's id, or a part of a code or name")
    autocomplete_fields = ("owner",)
    sortable_by = ("code",)
    fieldsets = (
        (None, {"fields": ("owner", "code", "website")}),
        (_("Chinese"), {"fields": ("name_zh", "description_zh")}),
        (_("English"), {"fields": ("name_en", "description_en")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("owner",)

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def create(self, row: Project) -> Project:
        return project_create(owner_id=row.owner_id, **{name: getattr(row, name) for name in PROJECT_FIELDS})

    def change(self, row: Project) -> None:
        project_update(project=row)

    def remove(self, row: Project) -> None:
        project_delete(project=row)
