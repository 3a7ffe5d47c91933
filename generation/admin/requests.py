"""Image requests and their pictures in the admin."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from config.admin.actions import ask_first, confirm, is_confirmed, reload_page, run_each
from config.admin.base import ReadOnlyAdmin
from config.admin.cells import anchor, badge, link_to, page_of
from config.admin.filters import WordsFilter
from config.errors import spoken
from generation.admin.files import shown, small
from generation.admin.jobs import RETRY_COSTS, subject_of
from generation.admin.words import job_badge
from generation.domain.requests import RequestStatus
from generation.domain.states import JobStatus
from generation.models import ImageRequest, RequestImage
from generation.models.requests import REQUEST_WORDS
from generation.selectors.requests import REQUEST_STATUS
from generation.services.requests import request_cancel, request_image_retry

SMALL, LARGE = 48, 140
COLOURS = {
    RequestStatus.IMAGE_PENDING: "info",
    RequestStatus.IMAGE_GENERATING: "primary",
    RequestStatus.IMAGE_COMPLETED: "success",
    RequestStatus.IMAGE_FAILED: "danger",
    RequestStatus.MODEL_PENDING: "info",
    RequestStatus.MODEL_GENERATING: "primary",
    RequestStatus.MODEL_COMPLETED: "success",
    RequestStatus.MODEL_FAILED: "danger",
    RequestStatus.COMPLETED: "success",
    RequestStatus.FAILED: "danger",
}
PICTURES = ("images__job", "images__file__thumbnails")


class RequestStatusFilter(WordsFilter):
    """`found_status` is annotated by `ImageRequestAdmin.get_queryset`."""

    title = _("status")
    parameter_name = "status"
    column = "found_status"

    def words(self) -> Iterable[tuple[str, Any]]:
        return [(status.value, word) for status, word in REQUEST_WORDS.items()]


@admin.register(ImageRequest)
class ImageRequestAdmin(ReadOnlyAdmin):
    list_display = ("strip", "prompt_start", "state", "owner", "is_test", "created")
    list_display_links = ("prompt_start",)
    list_filter = (RequestStatusFilter, "style", "created_at")
    list_select_related = ("owner", "job")
    search_keys = ("pk", "owner_id")
    search_fields = ("prompt",)
    search_help_text = _("The id of a request or an owner, or a part of a prompt")
    sortable_by = ("created",)
    actions = ("cancel",)
    actions_detail = ("cancel_one",)
    fieldsets = (
        (None, {"fields": ("prompt", "negative_prompt", ("state", "owner"), ("job_link", "is_test"))}),
        (_("Pictures"), {"fields": ("pictures", "prompts_failed", ("selected", "selected_at"))}),
        (
            _("Options"),
            {
                "fields": (
                    ("style", "size"),
                    ("quality", "model"),
                    ("count", "seed"),
                    "is_optimized",
                    "created_at",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImageRequest]:
        rows = super().get_queryset(request).annotate(found_status=REQUEST_STATUS)
        return rows.prefetch_related(*PICTURES)

    @display(description=_("created"), ordering="pk")
    def created(self, request: ImageRequest) -> Any:
        return request.created_at

    @display(description=_("pictures"))
    def strip(self, request: ImageRequest) -> SafeString | str:
        """Its pictures side by side."""
        pictures = ((small(image.file, SMALL),) for image in images_of(request) if image.file is not None)
        strip = format_html_join("", '<span style="margin-right: 4px">{}</span>', pictures)
        return format_html('<span style="display: flex">{}</span>', strip) if strip else "–"

    @display(description=_("prompt"))
    def prompt_start(self, request: ImageRequest) -> str:
        return str(request)

    @display(description=_("status"))
    def state(self, request: Any) -> SafeString:
        status = RequestStatus(request.found_status)
        return badge(REQUEST_WORDS[status], COLOURS.get(status, ""))

    @display(description=_("test"), boolean=True)
    def is_test(self, request: ImageRequest) -> bool:
        return request.job.is_test

    @display(description=_("job"))
    def job_link(self, request: ImageRequest) -> Any:
        return link_to(request.job, subject_of(request.job))

    @display(description=_("why no prompts were written"))
    def prompts_failed(self, request: ImageRequest) -> str:
        return said_of(request.prompts_error) or "-"

    @display(description=_("pictures"))
    def pictures(self, request: ImageRequest) -> SafeString | str:
        """Side by side, each with its style, its status, and a link to its page."""
        cells = format_html_join("", "{}", ((self._cell(request, image),) for image in images_of(request)))
        return (
            format_html('<div style="display: flex; flex-wrap: wrap; gap: 0.75rem">{}</div>', cells)
            if cells
            else "–"
        )

    @staticmethod
    def _cell(request: ImageRequest, image: RequestImage) -> SafeString:
        frame = "outline: 3px solid var(--color-primary-600)" if request.selected_id == image.pk else ""
        return format_html(
            '<figure style="max-width: {}px; {}"><a href="{}">{}</a><figcaption>{} {}</figcaption></figure>',
            LARGE,
            frame,
            page_of(RequestImage, image.pk),
            small(image.file, LARGE) if image.file else said_of(image.job.error) or "…",
            anchor(page_of(RequestImage, image.pk), image),
            job_badge(image.job),
        )

    # -- what can be done ------------------------------------------------------------------------------------------

    def allowed_to(self, row: ImageRequest) -> set[str]:
        is_over = row.job.is_terminal or row.job.cancel_requested_at is not None
        return set() if is_over else {"cancel"}

    @admin.action(description=_("Cancel"), permissions=["steer"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[ImageRequest]) -> None:
        self._cancel(request, queryset)

    @action(
        description=_("Cancel"),
        url_path="cancel",
        permissions=["steer"],
        dialog=confirm(
            _("Cancel this request?"),
            _("Pictures that haven't begun never will; those that are there stay."),
            _("Cancel the request"),
        ),
    )
    def cancel_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self._cancel(request, ImageRequest.objects.filter(pk=object_id))
        return reload_page(ImageRequest, object_id)

    @staticmethod
    def _cancel(request: HttpRequest, rows: QuerySet[ImageRequest]) -> None:
        run_each(request, rows, _locked(lambda found: request_cancel(request=found)), done=cancelled)


@admin.register(RequestImage)
class RequestImageAdmin(ReadOnlyAdmin):
    list_display = ("thumbnail", "request_link", "position", "style", "state", "provider", "created")
    list_display_links = ("position",)
    list_filter = ("style", "is_procedural", "created_at")
    list_select_related = ("request", "job", "file")
    search_keys = ("pk", "request_id", "file_id")
    search_help_text = _("The id of a picture, request or file")
    sortable_by = ("created",)
    actions = ("retry",)
    actions_detail = ("retry_one",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("request_link", "position"),
                    ("state", "job_link"),
                    "error",
                    "picture",
                    "file_link",
                )
            },
        ),
        (_("Made from"), {"fields": ("prompt", ("style", "seed"))}),
        (_("Made by"), {"fields": (("provider", "model"), ("is_procedural", "created_at"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RequestImage]:
        return super().get_queryset(request).prefetch_related("file__thumbnails")

    @display(description=_("created"), ordering="pk")
    def created(self, image: RequestImage) -> Any:
        return image.created_at

    @display(description="")
    def thumbnail(self, image: RequestImage) -> SafeString | str:
        return small(image.file, SMALL) if image.file else "–"

    @display(description=_("picture"))
    def picture(self, image: RequestImage) -> SafeString | str:
        return shown(image.file, 2 * LARGE) if image.file else "–"

    @display(description=_("file"))
    def file_link(self, image: RequestImage) -> Any:
        return link_to(image.file)

    @display(description=_("request"))
    def request_link(self, image: RequestImage) -> Any:
        return link_to(image.request)

    @display(description=_("status"))
    def state(self, image: RequestImage) -> Any:
        return job_badge(image.job)

    @display(description=_("job"))
    def job_link(self, image: RequestImage) -> Any:
        return link_to(image.job, subject_of(image.job))

    @display(description=_("error"))
    def error(self, image: RequestImage) -> str:
        return said_of(image.job.error) or "-"

    def allowed_to(self, row: RequestImage) -> set[str]:
        return {"retry"} if row.job.status == JobStatus.FAILED else set()

    @admin.action(description=_("Make again"), permissions=["steer"])
    def retry(self, request: HttpRequest, queryset: QuerySet[RequestImage]) -> TemplateResponse | None:
        if not is_confirmed(request):
            title = _("Make these pictures again?")
            return ask_first(self, request, title=title, text=RETRY_COSTS, submit=_("Make again"))
        return self._retry(request, queryset)

    @action(
        description=_("Make again"),
        url_path="retry",
        permissions=["steer"],
        dialog=confirm(_("Make this picture again?"), RETRY_COSTS, _("Make again")),
    )
    def retry_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self._retry(request, RequestImage.objects.filter(pk=object_id))
        return reload_page(RequestImage, object_id)

    @staticmethod
    def _retry(request: HttpRequest, rows: QuerySet[RequestImage]) -> None:
        def make_again(image: RequestImage) -> Any:
            again = _locked(lambda found: request_image_retry(request=found, number=image.position))
            return again(image.request)

        run_each(request, rows.select_related("request"), make_again, done=retried)


def images_of(request: ImageRequest) -> list[RequestImage]:
    """In their order, out of what was read along."""
    return sorted(request.images.all(), key=lambda image: image.position)


def said_of(error: Mapping[str, Any] | None) -> str:
    """A stored error in the reader's language."""
    return str(spoken(error, get_language() or "en")["message"]) if error else ""


def _locked(work: Callable[[ImageRequest], Any]) -> Callable[[ImageRequest], Any]:
    """As the services want it: inside the transaction of `run_each`."""
    return lambda found: work(ImageRequest.objects.select_for_update(of=("self",)).get(pk=found.pk))


def cancelled(number: int) -> str:
    return ngettext(
        "%(number)d request makes no further pictures.",
        "%(number)d requests make no further pictures.",
        number,
    ) % {"number": number}


def retried(number: int) -> str:
    return ngettext("%(number)d picture is made again.", "%(number)d pictures are made again.", number) % {
        "number": number
    }
