"""Files in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import anchor, link_to
from generation.models import StoredFile, Thumbnail
from generation.models.files import Edge
from generation.services.file_links import file_link, thumbnail_path

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
        (
            None,
            {
                "fields": (
                    ("name", "owner"),
                    ("media_type", "bytes_said", "pixels"),
                    "picture",
                    "content",
                    "copies",
                )
            },
        ),
        (_("Storage"), {"fields": ("key", "sha256", ("created_at", "missing_since"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredFile]:
        return super().get_queryset(request).prefetch_related("thumbnails")

    @display(description=_("created"), ordering="pk")
    def created(self, file: StoredFile) -> Any:
        return file.created_at

    @display(description="")
    def thumbnail(self, file: StoredFile) -> SafeString | str:
        return small(file, SHOWN)

    @display(description=_("picture"))
    def picture(self, file: StoredFile) -> SafeString | str:
        return shown(file, SHOWN_LARGE)

    @display(description=_("content"))
    def content(self, file: StoredFile) -> SafeString | str:
        return "–" if file.missing_since else anchor(file_link(file).url, _("Open"))

    @display(description=_("thumbnails"))
    def copies(self, file: StoredFile) -> SafeString | str:
        links = [
            (anchor(thumbnail_path(file.pk, one.edge), f"{one.width} × {one.height}"),)
            for one in file.thumbnails.order_by("edge")
        ]
        return format_html_join(", ", "{}", links) or "–"

    @display(description=_("size (bytes)"))
    def bytes_said(self, file: StoredFile) -> Any:
        return localize(file.size, use_l10n=True)

    @display(description=_("pixels"))
    def pixels(self, file: StoredFile) -> str:
        return f"{file.width} × {file.height}" if file.width else "–"


@admin.register(Thumbnail)
class ThumbnailAdmin(ReadOnlyAdmin):
    list_display = ("shown_small", "file_link", "pixels", "bytes_said", "created_at")
    list_display_links = ("shown_small",)
    list_select_related = ("file",)
    list_filter = ("edge",)
    search_keys = ("file_id",)
    search_help_text = _("The id of a file")
    sortable_by = ("id",)
    fields = ("file_link", "edge", "pixels", "bytes_said", "key", "created_at")

    @display(description="")
    def shown_small(self, thumbnail: Thumbnail) -> SafeString:
        return image(thumbnail_path(thumbnail.file_id, thumbnail.edge), thumbnail.name, SHOWN)

    @display(description=_("file"))
    def file_link(self, thumbnail: Thumbnail) -> Any:
        return link_to(thumbnail.file)

    @display(description=_("pixels"))
    def pixels(self, thumbnail: Thumbnail) -> str:
        return f"{thumbnail.width} × {thumbnail.height}"

    @display(description=_("size (bytes)"))
    def bytes_said(self, thumbnail: Thumbnail) -> Any:
        return localize(thumbnail.size, use_l10n=True)


def small(file: StoredFile, pixels: int) -> SafeString | str:
    """The small copy, or a picture that is small itself; thumbnails are read along."""
    copy = next((one for one in file.thumbnails.all() if one.edge == Edge.SMALL), None)
    if copy and not file.missing_since:
        return image(thumbnail_path(file.pk, copy.edge), file.name, pixels)
    return shown(file, pixels) if file.size <= LARGEST_THUMBNAIL else "–"


def shown(file: StoredFile, pixels: int) -> SafeString | str:
    """A picture, no larger than this."""
    if not file.is_image or file.missing_since:
        return "–"
    return image(file_link(file).url, file.name, pixels)


def image(url: str, name: str, pixels: int) -> SafeString:
    return format_html(
        '<img src="{}" alt="{}" loading="lazy" style="max-width: {}px; max-height: {}px; border-radius: 4px">',
        url,
        name,
        pixels,
        pixels,
    )
