"""What staff may do about the making of a model, and its report in words."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from config.admin.actions import ask_first, confirm, is_confirmed, reload_page, run_each
from generation.admin.jobs import RETRY_COSTS
from generation.domain.states import JobStatus
from generation.jobs.services import job_retry
from models3d.domain.reports import MeshReport
from models3d.domain.verdicts import verdict
from models3d.models import Model3D, ModelVersion
from models3d.services.models import model_cancel
from models3d.services.versions import model_repair

MEASURES: dict[str, Any] = {
    "triangles": _("triangles"),
    "shells": _("separate parts"),
    "size_mm": _("size (mm)"),
    "volume_mm3": _("volume (mm³)"),
    "area_mm2": _("surface (mm²)"),
    "thinnest_mm": _("thinnest wall (mm)"),
    "overhang_share": _("overhangs (share of the surface)"),
    "is_watertight": _("watertight"),
    "is_winding_consistent": _("sides agree"),
    "boundary_edges": _("edges of holes"),
    "nonmanifold_edges": _("edges with more than two faces"),
    "degenerate_faces": _("faces without an area"),
}


def report_shown(version: ModelVersion | None) -> SafeString | str:
    """The verdict as a sentence, and what was measured as a table."""
    if version is None:
        return "–"
    sentence = verdict(MeshReport.from_json(version.report)).sentence(get_language() or "en")
    rows = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", _measured(version.report))
    return format_html("<p><strong>{}</strong></p><table>{}</table>", sentence, rows)


def _measured(report: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    for name, word in MEASURES.items():
        value = report[name]
        if isinstance(value, bool):
            yield word, gettext("Yes") if value else gettext("No")
        elif isinstance(value, list):
            yield word, " × ".join(map(_number, value))
        else:
            yield word, "–" if value is None else _number(value)


def _number(value: float) -> str:
    short = round(value, 2)
    return str(localize(int(short) if short == int(short) else short))


class MakingActions:
    """Cancel what is being made, retry what failed, repair what is there."""

    def allowed_to(self, row: Model3D) -> set[str]:
        more = super().allowed_to(row) or set()  # type: ignore[misc]
        return {*_allowed(row), *more}

    @admin.action(description=_("Cancel"), permissions=["steer"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Model3D]) -> None:
        _each(request, queryset, lambda model: model_cancel(model=model), cancelled)

    @admin.action(description=_("Retry"), permissions=["steer"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Model3D]) -> TemplateResponse | None:
        if not is_confirmed(request):
            title = _("Make these models again?")
            return ask_first(self, request, title=title, text=RETRY_COSTS, submit=_("Retry"))  # type: ignore[arg-type]
        _each(request, queryset, _retry(request), retried)
        return None

    @admin.action(description=_("Repair"), permissions=["steer"])
    def repair(self, request: HttpRequest, queryset: QuerySet[Model3D]) -> None:
        _each(request, queryset, lambda model: model_repair(model=model), repaired)

    @action(
        description=_("Cancel"),
        url_path="cancel",
        permissions=["steer"],
        dialog=confirm(
            _("Cancel the making of this model?"),
            _("What its maker stops costs nothing; of the rest nobody can tell."),
            _("Cancel"),
        ),
    )
    def cancel_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return _one(request, object_id, lambda model: model_cancel(model=model), cancelled)

    @action(
        description=_("Retry"),
        url_path="retry",
        permissions=["steer"],
        dialog=confirm(_("Make this model again?"), RETRY_COSTS, _("Retry")),
    )
    def retry_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return _one(request, object_id, _retry(request), retried)

    @action(
        description=_("Repair"),
        url_path="repair",
        permissions=["steer"],
        dialog=confirm(
            _("Repair this model?"),
            _("What can be mended becomes a new version; the old one is kept."),
            _("Repair"),
        ),
    )
    def repair_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return _one(request, object_id, lambda model: model_repair(model=model), repaired)


def _allowed(model: Model3D) -> set[str]:
    if not model.job.is_terminal:
        return set() if model.job.cancel_requested_at is not None else {"cancel"}
    if model.job.status == JobStatus.FAILED:
        return {"retry"}
    return {"repair"} if model.current_id is not None else set()


def _retry(request: HttpRequest) -> Callable[[Model3D], Any]:
    said = f"{request.user.get_username()} asked for a retry"
    return lambda model: job_retry(job=model.job, resolution=said)


def _one(
    request: HttpRequest, object_id: str, work: Callable[[Model3D], Any], done: Callable[[int], str]
) -> HttpResponse:
    _each(request, Model3D.objects.filter(pk=object_id), work, done)
    return reload_page(Model3D, object_id)


def _each(
    request: HttpRequest,
    rows: QuerySet[Model3D],
    work: Callable[[Model3D], Any],
    done: Callable[[int], str],
) -> None:
    """As the services want it: each model locked, inside the transaction of `run_each`."""
    locked = Model3D.objects.select_for_update(of=("self",))
    run_each(request, rows, lambda model: work(locked.get(pk=model.pk)), done=done)


def cancelled(number: int) -> str:
    return ngettext("%(number)d model isn't made.", "%(number)d models aren't made.", number) % {
        "number": number
    }


def retried(number: int) -> str:
    return ngettext("%(number)d model is made again.", "%(number)d models are made again.", number) % {
        "number": number
    }


def repaired(number: int) -> str:
    return ngettext(
        "%(number)d model is being repaired.", "%(number)d models are being repaired.", number
    ) % {"number": number}
