"""The product's addresses and those of the toy."""

from django.urls import path

from config.urls import urlpatterns as product
from tests.support.toy import api

urlpatterns = [
    path("api/v1/notes", api.NoteListApi.as_view()),
    path("api/v1/notes/<uuid:note_id>", api.NoteApi.as_view(), name="note"),
    *product,
]
