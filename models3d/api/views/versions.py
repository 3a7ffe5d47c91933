"""What a model that is there is good for: its report, its versions, its repair, its files."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

import orjson
from django.db import transaction
from django.utils.translation import get_language
from rest_framework.request import Request

from config.api.lists.reading import read_row
from config.api.lists.spec import Source
from config.api.lists.views import ListApi
from config.api.schema import operation
from config.api.views import Accepted, Answer
from config.errors import PreconditionFailedError
from generation.domain.states import JobStatus
from models3d.api.links import link_file, link_versions
from models3d.api.serializers.models import ModelFileIn, ModelFileOut, ModelVersionRow
from models3d.api.serializers.reports import REPORT_EXAMPLE, ModelReportIn, ModelReportOut
from models3d.api.views.models import ModelsApi
from models3d.domain.reports import MeshReport
from models3d.domain.verdicts import Reason, verdict
from models3d.errors import ModelFormatError, ModelStateError
from models3d.selectors.models import (
    converted_file_list_for,
    model_file_list_for,
    model_list_for,
    version_list_for,
)
from models3d.services.versions import current_of, model_convert, model_repair

FILE = Source(ModelFileOut, model_file_list_for)
FILE_OF_JOB = Source(ModelFileOut, converted_file_list_for)
EXAMPLE = {
    "version": 1,
    "unit": "m",
    "unit_source": "format",
    "is_printable": True,
    "verdict": "可以打印：4% 的表面悬垂超过 45°，需要支撑。",
    "reasons": [],
    "notes": [{"code": "overhangs", "message": "4% 的表面悬垂超过 45°，需要支撑"}],
    "report": REPORT_EXAMPLE,
}


class ModelReportApi(ModelsApi):
    @operation(
        "Read a 3D model's report",
        description=(
            "What was measured of the current version, and whether it can be printed: as it is, or on the printer "
            "whose bed you name."
        ),
        parameters=[ModelReportIn],
        response=ModelReportOut,
        example=EXAMPLE,
        errors=(ModelStateError,),
        operation_id="getModelReport",
    )
    def get(self, request: Request, **keys: Any) -> dict[str, Any]:
        bed = self.read_query(ModelReportIn).get("bed")
        version = current_of(self.row())
        found = verdict(MeshReport.from_json(version.report), bed=bed)
        language = get_language() or "en"
        return {
            "version": version.number,
            "unit": version.unit,
            "unit_source": version.unit_source,
            "is_printable": found.is_printable,
            "verdict": found.sentence(language),
            "reasons": _told(found.reasons, language),
            "notes": _told(found.notes, language),
            "report": version.report,
        }


def _told(reasons: Iterable[Reason], language: str) -> list[dict[str, str]]:
    return [{"code": one.code.value, "message": one.message(language)} for one in reasons]


class ModelVersionListApi(ListApi):
    scope = "models"
    read_model = ModelVersionRow
    selector = version_list_for
    parent = model_list_for
    sorts = ("number",)
    default_sort = "-number"
    summary = "List a 3D model's versions"
    description = "The newest is the current one; older ones are kept."
    link_rows = staticmethod(link_versions)


class ModelRepairApi(ModelsApi):
    waits = True

    @operation(
        "Repair a 3D model",
        description=(
            "Mends what can be mended without a guess: corners that nearly coincide, triangles without an area, small "
            "holes, sides that look the wrong way. What comes of it is a new version; the old one is kept. Where there "
            "is nothing to mend, there is no new version. Costs nothing."
        ),
        status=202,
        errors=(ModelStateError, PreconditionFailedError),
        operation_id="repairModel",
    )
    def post(self, request: Request, **keys: Any) -> Accepted:
        with self.changing() as model:
            job = model_repair(model=model)
        return self.accepted(self.key, job.pk)

    def finished(self, job_id: UUID) -> Answer:  # type: ignore[override]
        """The repair was waited for, and its model is shown."""
        return self.shown()


class ModelFileApi(ModelsApi):
    waits = True

    @property
    def key(self) -> UUID:
        return cast(UUID, self.kwargs["model_id"])

    @operation(
        "Read a 3D model in a format",
        description=(
            "GLB, STL, OBJ (a ZIP with materials and textures) or 3MF; scaled, if you name a size. What isn't there "
            "yet is converted by a job: ask again, or wait. It is kept, and the next one gets it at once. Where the "
            "conversion has failed, the row says why, and its job can be retried. Costs nothing."
        ),
        parameters=[ModelFileIn],
        response=ModelFileOut,
        status=202,
        errors=(ModelFormatError, ModelStateError),
        operation_id="getModelFile",
    )
    def get(self, request: Request, **keys: Any) -> Answer:
        size_mm = self.read_query(ModelFileIn).get("size_mm")
        with transaction.atomic():
            found = model_convert(model=self.row(lock=True), format=self.kwargs["format"], size_mm=size_mm)
        is_over = found.file_id is not None or found.job is not None and found.job.status == JobStatus.FAILED
        if is_over or found.job_id is None:
            return Answer(self._file(pk=found.pk))
        return Accepted(self._file(pk=found.pk), job_id=found.job_id)

    def finished(self, job_id: UUID) -> Answer:  # type: ignore[override]
        return Answer(self._file(job_id=job_id))

    def _file(self, **named: UUID) -> dict[str, Any]:
        source = FILE if "pk" in named else FILE_OF_JOB
        found = read_row(source, owner_id=self.caller.pk, **named)
        row: dict[str, Any] = orjson.loads(found.data_json)
        link_file(self.request, row)
        return row
