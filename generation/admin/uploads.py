"""Uploads in parts in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from config.admin.actions import run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import link_to
from generation.domain.uploads import UploadState
from generation.models import Upload
from generation.services.uploads import upload_abort


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "bytes_said", "owner", "created", "expires_at")
    list_filter = ("state", "created_at")
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_help_text = _("The id of an upload or an owner")
    sortable_by = ("created",)
    fieldsets = (
        (None, {"fields": (("name", "owner"), ("state", "bytes_said"), "file_link")}),
        (_("Parts"), {"fields": (("part_bytes", "sha256"), ("created_at", "expires_at", "claimed_at"))}),
    )
    actions = ("abort",)

    @display(description=_("created"), ordering="pk")
    def created(self, upload: Upload) -> Any:
        return upload.created_at

    @display(description=_("size (bytes)"))
    def bytes_said(self, upload: Upload) -> Any:
        return localize(upload.size, use_l10n=True)

    @display(description=_("file"))
    def file_link(self, upload: Upload) -> Any:
        return link_to(upload.file) if upload.file else "–"

    @admin.action(description=_("Abort"), permissions=["steer"])
    def abort(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        run_each(request, queryset, lambda upload: upload_abort(upload=upload), done=aborted)

    def allowed_to(self, row: Upload) -> set[str]:
        return {"abort"} if row.state == UploadState.OPEN else set()


def aborted(number: int) -> str:
    return ngettext("Aborted %(number)d upload.", "Aborted %(number)d uploads.", number) % {"number": number}
