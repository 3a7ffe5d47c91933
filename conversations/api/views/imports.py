"""Files of conversations that are brought in."""

import io
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from config.api.lists.filters import AnyOf, ChoiceFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.parsers import FileParser, RawJsonParser
from config.api.schema import operation
from config.api.views import Accepted
from config.files.errors import FileEmptyError, FileQuotaError, FileStorageError, FileTooLargeError
from conversations.api.serializers.imports import (
    ConversationImportCreateIn,
    ConversationImportItemOut,
    ConversationImportOut,
)
from conversations.domain.imports.ours import FORMAT, FORMAT_VERSION
from conversations.domain.transfers import ImportState
from conversations.errors import ImportNotJsonError
from conversations.selectors import import_item_list_for, import_list_for
from conversations.services.imports import import_create
from generation.domain.states import JobStatus

JSON_BODY = "application/json"
RAW_NAME = "conversations.json"
RAW_EXAMPLE = {"format": FORMAT, "version": FORMAT_VERSION, "conversations": []}


class ImportsApi(ResourceApi):
    scope = "conversations"
    read_model = ConversationImportOut
    selector = import_list_for
    route = "conversation-import"


class ConversationImportCreateApi(ImportsApi):
    parser_classes = (FileParser, RawJsonParser)
    # Nobody waits for the database's lock while a file goes to the storage.
    works_in_transaction = False
    waits = True

    #: The setting that says how large the file may be.
    file_limit = "CONVERSATION_IMPORT_MAX_BYTES"

    @property
    def max_file_bytes(self) -> int:
        return int(getattr(settings, self.file_limit))

    @operation(
        "Import conversations",
        description=(
            "Takes our own export, ChatGPT's `conversations.json` or the whole ZIP, and the exports of Open WebUI and "
            "LibreChat; a small one may be the body itself, as JSON. A job brings the conversations in, each whole or "
            "not at all; `GET /conversations/imports/{id}/items` tells what became of each. What is there already "
            "stays as it is, so that a second import changes nothing, and one that was interrupted is gone on with."
        ),
        request={"multipart/form-data": ConversationImportCreateIn, JSON_BODY: OpenApiTypes.OBJECT},
        request_example={"multipart/form-data": {"file": "(the file)"}, JSON_BODY: RAW_EXAMPLE},
        status=202,
        errors=(FileEmptyError, FileTooLargeError, FileQuotaError, FileStorageError, ImportNotJsonError),
        operation_id="importConversations",
    )
    def post(self, request: Request) -> Accepted:
        body: Any = request.data
        if isinstance(body, bytes):
            made = import_create(owner_id=self.caller.pk, source=io.BytesIO(body), name=RAW_NAME)
        else:
            file = self.read(ConversationImportCreateIn)["file"]
            made = import_create(owner_id=self.caller.pk, source=file.file, name=file.name)
        return Accepted(self.row_json(made.pk), job_id=made.pk)


class ConversationImportListApi(ImportsApi, ListApi):
    filters = {"status": AnyOf(ChoiceFilter(JobStatus, "job__status")), **time_range("created_at")}
    summary = "List imports of conversations"


class ConversationImportApi(ImportsApi, DetailApi):
    summary = "Read an import of conversations"


class ConversationImportItemListApi(ListApi):
    scope = "conversations"
    read_model = ConversationImportItemOut
    selector = import_item_list_for
    parent = import_list_for
    filters = {"state": AnyOf(ChoiceFilter(ImportState))}
    sorts = ("position",)
    default_sort = "position"
    summary = "List what became of an import's conversations"
