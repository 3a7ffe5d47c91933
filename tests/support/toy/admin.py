from django.contrib import admin

from config.admin.base import ReadOnlyAdmin
from tests.support.toy.models import Note


@admin.register(Note)
class NoteAdmin(ReadOnlyAdmin):
    list_display = ("text", "owner")
    list_select_related = ("owner",)
    search_fields = ("text",)
