"""Reports of models that shouldn't be shown: made by people, decided by staff."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import activity_record, activity_tell
from accounts.services.locks import account_lock
from models3d.domain.words import ReportReason, ReportState
from models3d.errors import ModelReportDecidedError
from models3d.models import Model3D, ModelReport
from models3d.models.actions import Action, ObjectType
from models3d.services.counting import public_locked


@transaction.atomic
def report_create(
    *, model_id: UUID, reporter_id: UUID | None, reason: ReportReason, text: str = ""
) -> ModelReport:
    """Tell staff of a public model. Who has an open report of it already has that one changed.

    Raises `ModelNotPublicError`.
    """
    if reporter_id is not None:
        account_lock(reporter_id)
    public_locked(model_id)
    said = {"reason": reason.value, "text": text}
    if reporter_id is None:
        return ModelReport.objects.create(model_id=model_id, **said)
    report, is_new = ModelReport.objects.update_or_create(
        model_id=model_id, reporter_id=reporter_id, state=ReportState.OPEN.value, defaults=said
    )
    if is_new:
        activity_record(
            owner_id=reporter_id,
            action=Action.REPORT_MODEL,
            object_type=ObjectType.MODEL,
            object_id=model_id,
            details={"report_reason": reason.value},
        )
    return report


@transaction.atomic
def report_uphold(*, report: ModelReport, staff_id: UUID) -> ModelReport:
    """Take the model out of the gallery and tell its owner why; all open reports of it are upheld with this one.

    Raises `ModelReportDecidedError`.
    """
    model = Model3D.objects.select_for_update(no_key=True).get(pk=report.model_id)
    _decide(report, ReportState.UPHELD, staff_id)
    now = timezone.now()
    others = ModelReport.objects.filter(model=model, state=ReportState.OPEN.value)
    others.update(state=ReportState.UPHELD.value, decided_by=staff_id, decided_at=now, updated_at=now)
    if model.hidden_at is None:
        model_hide(model=model, reason=report.reason)
    return report


@transaction.atomic
def report_dismiss(*, report: ModelReport, staff_id: UUID) -> ModelReport:
    """The model stays. Raises `ModelReportDecidedError`."""
    Model3D.objects.select_for_update(no_key=True).get(pk=report.model_id)
    _decide(report, ReportState.DISMISSED, staff_id)
    return report


def model_hide(*, model: Model3D, reason: str) -> None:
    """Nobody but its owner sees it any more, and the owner is told. `model` is locked by the caller."""
    with transaction.atomic():
        model.hidden_at, model.hidden_reason = timezone.now(), reason
        model.save(update_fields=["hidden_at", "hidden_reason", "updated_at"])
        _tell(model, Action.HIDE_MODEL, reason)


def model_show(*, model: Model3D) -> None:
    """It may be seen again, and the owner is told. `model` is locked by the caller."""
    reason = model.hidden_reason
    with transaction.atomic():
        model.hidden_at, model.hidden_reason = None, ""
        model.save(update_fields=["hidden_at", "hidden_reason", "updated_at"])
        _tell(model, Action.SHOW_MODEL, reason)


def _decide(report: ModelReport, state: ReportState, staff_id: UUID) -> None:
    """One decision for each: whoever comes second is told so."""
    now = timezone.now()
    decided = ModelReport.objects.filter(pk=report.pk, state=ReportState.OPEN.value).update(
        state=state.value, decided_by=staff_id, decided_at=now, updated_at=now
    )
    if not decided:
        raise ModelReportDecidedError
    report.refresh_from_db()


def _tell(model: Model3D, action: Action, reason: str) -> None:
    activity_tell(
        owner_id=model.owner_id,
        action=action,
        object_type=ObjectType.MODEL,
        object_id=model.pk,
        details={"name": model.name, "report_reason": reason},
    )
