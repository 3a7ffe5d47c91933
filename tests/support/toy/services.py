from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.services.activities import activity_record
from tests.support.toy.models import Action, Note, ObjectType


def note_list_for(owner_id: UUID) -> QuerySet[Note]:
    return Note.objects.owned_by(owner_id)


@transaction.atomic
def note_create(*, owner_id: UUID, text: str) -> Note:
    note = Note.objects.create(owner_id=owner_id, text=text)
    activity_record(
        owner_id=owner_id, action=Action.CREATE_NOTE, object_type=ObjectType.NOTE, object_id=note.pk
    )
    return note
