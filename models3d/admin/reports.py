"""Reports of models in the admin: the queue in which staff decide what the gallery shows."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from config.admin.actions import ask_first, confirm, is_confirmed, reload_page, run_each
from config.admin.cells import badge, list_of
from config.tiles import Tile
from generation.admin.files import small
from models3d.admin.interactions import OfModel
from models3d.domain.words import ReportState
from models3d.models import Model3D, ModelReport
from models3d.services.reports import model_hide, model_show, report_dismiss, report_uphold

SMALL = 48
#: Reports that are counted for the first page.
COUNTED = 1_001
COLOURS = {
    ReportState.OPEN: "warning",
    ReportState.UPHELD: "danger",
    ReportState.DISMISSED: "success",
}
UPHELD = _("Nobody but its owner sees the model any more, and its owner is told why.")


@admin.register(ModelReport)
class ModelReportAdmin(OfModel):
    list_display = ("created_at", "picture", "model_link", "reason", "text_start", "state_badge", "reporter")
    list_display_links = ("created_at",)
    list_filter = ("state", "reason", "created_at")
    list_select_related = ("model", "reporter", "decided_by")
    search_keys = ("pk", "model_id", "reporter_id")
    search_help_text = _("The id of a report, a model or a user")
    actions = ("uphold", "dismiss")
    actions_detail = ("uphold_one", "dismiss_one")
    fields = (
        ("model_link", "picture"),
        ("reason", "state_badge"),
        "text",
        ("reporter", "created_at"),
        ("decided_by", "decided_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelReport]:
        return super().get_queryset(request).prefetch_related("model__current__preview__thumbnails")

    @display(description="")
    def picture(self, report: ModelReport) -> SafeString | str:
        version = report.model.current
        return small(version.preview, SMALL) if version else "–"

    @display(description=_("text"))
    def text_start(self, report: ModelReport) -> str:
        return report.text[:60]

    @display(description=_("state"))
    def state_badge(self, report: ModelReport) -> SafeString:
        return badge(report.get_state_display(), COLOURS[ReportState(report.state)])

    def allowed_to(self, row: ModelReport) -> set[str]:
        return {"uphold", "dismiss"} if row.state == ReportState.OPEN else set()

    @admin.action(description=_("Take the model out of the gallery"), permissions=["steer"])
    def uphold(self, request: HttpRequest, queryset: QuerySet[ModelReport]) -> TemplateResponse | None:
        if not is_confirmed(request):
            title, submit = _("Take these models out of the gallery?"), _("Take them out")
            return ask_first(self, request, title=title, text=UPHELD, submit=submit)
        return self._decide(request, queryset, report_uphold)

    @admin.action(description=_("Dismiss the report"), permissions=["steer"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[ModelReport]) -> None:
        self._decide(request, queryset, report_dismiss)

    @action(
        description=_("Take the model out of the gallery"),
        url_path="uphold",
        permissions=["steer"],
        dialog=confirm(_("Take this model out of the gallery?"), UPHELD, _("Take it out")),
    )
    def uphold_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self._decide(request, ModelReport.objects.filter(pk=object_id), report_uphold)
        return reload_page(ModelReport, object_id)

    @action(
        description=_("Dismiss the report"),
        url_path="dismiss",
        permissions=["steer"],
        dialog=confirm(_("Dismiss this report?"), _("The model stays where it is."), _("Dismiss it")),
    )
    def dismiss_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self._decide(request, ModelReport.objects.filter(pk=object_id), report_dismiss)
        return reload_page(ModelReport, object_id)

    @staticmethod
    def _decide(request: HttpRequest, rows: QuerySet[ModelReport], service: Callable[..., Any]) -> None:
        def decide(report: ModelReport) -> None:
            service(report=report, staff_id=request.user.pk)

        run_each(request, rows.select_related("model"), decide, done=decided)


def decided(number: int) -> str:
    return ngettext("%(number)d report is decided.", "%(number)d reports are decided.", number) % {
        "number": number
    }


class GalleryActions:
    """What staff may do to a model in the gallery without a report."""

    def allowed_to(self, row: Model3D) -> set[str]:
        return {"put_back"} if row.hidden_at else {"take_out"} if row.is_public else set()

    @action(
        description=_("Take the model out of the gallery"),
        url_path="take-out",
        permissions=["steer"],
        dialog=confirm(_("Take this model out of the gallery?"), UPHELD, _("Take it out")),
    )
    def take_out_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return _change(request, object_id, lambda model: model_hide(model=model, reason="other"))

    @action(
        description=_("Put the model back into the gallery"),
        url_path="put-back",
        permissions=["steer"],
        dialog=confirm(
            _("Put this model back into the gallery?"),
            _("It is seen again if it is public, and its owner is told."),
            _("Put it back"),
        ),
    )
    def put_back_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return _change(request, object_id, lambda model: model_show(model=model))


def _change(request: HttpRequest, object_id: str, work: Callable[[Model3D], None]) -> HttpResponse:
    def locked(found: Model3D) -> None:
        work(Model3D.objects.select_for_update(no_key=True).get(pk=found.pk))

    run_each(request, Model3D.objects.filter(pk=object_id), locked, done=changed)
    return reload_page(Model3D, object_id)


def changed(number: int) -> str:
    return ngettext("%(number)d model is changed.", "%(number)d models are changed.", number) % {
        "number": number
    }


def open_reports() -> Tile:
    """How many reports wait for a decision, on the admin's first page."""
    number = ModelReport.objects.filter(state=ReportState.OPEN.value).values("pk")[:COUNTED].count()
    value = f"{number:,}" if number < COUNTED else f"{COUNTED - 1:,}+"
    return Tile(
        title=gettext("Reported models"),
        value=value,
        note=gettext("somebody says that they shouldn't be shown"),
        url=list_of(ModelReport, state__exact=ReportState.OPEN.value),
        is_bad=number > 0,
        icon="report",
    )
