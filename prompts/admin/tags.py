"""Tags in the admin."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from config.admin.base import ServiceAdmin
from prompts.models import Tag
from prompts.services.tags import tag_create, tag_delete, tag_update


@admin.register(Tag)
class TagAdmin(ServiceAdmin):
    list_display = ("name", "color", "owner", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("name",)
    search_help_text = _("A tag's or owner's id, or a part of a name")
    autocomplete_fields = ("owner",)
    fields = ("owner", "name", "color")

    def create(self, *, owner: User, **fields: Any) -> Tag:
        return tag_create(owner_id=owner.pk, **fields)

    def change(self, row: Tag, **changes: Any) -> None:
        tag_update(tag=row, **changes)

    def remove(self, row: Tag) -> None:
        tag_delete(tag=row)
