"""Files in the admin."""

from typing import Any

from django.contrib import admin
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import anchor
from generation.models import StoredFile
from generation.services.file_links import file_link

#: A list shows no picture that is larger than this, in bytes: a page has fifty.
LARGEST_THUMBNAIL = 2_000_000
SHOWN, SHOWN_LARGE = 48, 480


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    list_display = ("thumbnail", "name", "media_type", "bytes_said", "pixels", "owner", "created")
    list_display_links = ("thumbnail", "name")
    list_filter = ("media_type", "created_at", ("missing_since", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("name",)
    search_help_text = _("The id of a file or an owner, or a part of a name")
    sortable_by = ("created",)
    fieldsets = (
        (None, {"fields": (("name", "owner"), ("media_type", "bytes_said", "pixels"), "picture", "content")}),
        (_("Storage"), {"fields": ("key", "sha256", ("created_at", "missing_since"))}),
    )

    @display(description=_("created"), ordering="pk")
    def created(self, file: StoredFile) -> Any:
        return file.created_at

    @display(description="")
    def thumbnail(self, file: StoredFile) -> SafeString | str:
        return shown(file, SHOWN) if file.size <= LARGEST_THUMBNAIL else "–"

    @display(description=_("picture"))
    def picture(self, file: StoredFile) -> SafeString | str:
        return shown(file, SHOWN_LARGE)

    @display(description=_("content"))
    def content(self, file: StoredFile) -> SafeString | str:
        return "–" if file.missing_since else anchor(file_link(file).url, _("Open"))

    @display(description=_("size (bytes)"))
    def bytes_said(self, file: StoredFile) -> Any:
        return localize(file.size, use_l10n=True)

    @display(description=_("pixels"))
    def pixels(self, file: StoredFile) -> str:
        return f"{file.width} × {file.height}" if file.width else "–"


def shown(file: StoredFile, pixels: int) -> SafeString | str:
    """A picture, no larger than this."""
    if not file.is_image or file.missing_since:
        return "–"
    return format_html(
        '<img src="{}" alt="{}" loading="lazy" style="max-width: {}px; max-height: {}px; border-radius: 4px">',
        file_link(file).url,
        file.name,
        pixels,
        pixels,
    )
