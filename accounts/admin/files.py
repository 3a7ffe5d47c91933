"""Files of deleted accounts that are still to go, in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import FileRemoval
from accounts.services.files import removal_retry
from config.admin.actions import run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.filters import AgeFilter


@admin.register(FileRemoval)
class FileRemovalAdmin(ReadOnlyAdmin):
    """A row stays here for a while even when its folder is empty: a late worker may still have written to it."""

    list_display = ("prefix", "attempts", "created_at", "updated_at")
    list_filter = (AgeFilter,)
    search_fields = ("prefix",)
    search_help_text = _("The id of a removal, or a part of a folder's name, such as the account's id")
    sortable_by = ("attempts",)
    fields = ("row_id", "prefix", "attempts", "created_at", "updated_at")
    actions = ("remove_again",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id may be the removal's own or that of the account, which is a part of the folder's name."""
        found, _duplicates = super().get_search_results(request, queryset, search_term)
        return found | queryset.filter(prefix__contains=search_term.strip()), False

    @admin.action(description=_("Remove the files now"), permissions=["steer"])
    def remove_again(self, request: HttpRequest, queryset: QuerySet[FileRemoval]) -> None:
        run_each(request, queryset, lambda row: removal_retry(removal=row), done=asked)


def asked(number: int) -> str:
    return ngettext(
        "A worker removes the files of %(number)d folder.",
        "A worker removes the files of %(number)d folders.",
        number,
    ) % {"number": number}
