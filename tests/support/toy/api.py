from rest_framework.request import Request

from config.api.lists.fields import Text, Time, Uuid
from config.api.lists.filters import SearchFilter
from config.api.lists.read_models import ReadModel
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.serializers import StrictModelSerializer
from config.api.views import Created
from tests.support.toy.models import Note
from tests.support.toy.services import note_create, note_list_for


class NoteOut(ReadModel, source_model=Note):
    id = Uuid()
    text = Text(example="茶 tea")
    created_at = Time()


class NoteCreateIn(StrictModelSerializer):
    class Meta:
        model = Note
        fields = ("text",)


class NotesApi(ResourceApi):
    scope = "notes"
    read_model = NoteOut
    selector = note_list_for
    route = "note"


class NoteListApi(NotesApi, ListApi):
    filters = {"search": SearchFilter(help="Words anywhere in it.")}
    summary = "List notes"

    @operation("Create a note", request=NoteCreateIn, status=201)
    def post(self, request: Request) -> Created:
        return self.created(note_create(owner_id=self.caller.pk, **self.read(NoteCreateIn)))


class NoteApi(NotesApi, DetailApi):
    summary = "Read a note"
