"""Conversations as files to take along."""

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from config.api.files import file_stream
from config.api.schema import operation
from config.api.views import ApiView
from config.errors import NotFoundError
from config.filenames import safe_filename
from conversations.api.exports import json_file, markdown_file
from conversations.api.serializers.exports import ConversationExportIn
from conversations.api.views.conversations import ConversationsApi
from conversations.errors import MessageUnknownError
from conversations.models import Conversation
from conversations.selectors import branch_of, conversation_list_for
from conversations.services.exports import conversation_exported, conversations_exported
from conversations.services.messages import message_of

# What programs that are generated from the schema take for a file; JSON they would read.
JSON_FILE = "application/octet-stream"
MARKDOWN_FILE = "text/markdown"


class ConversationExportApi(ConversationsApi):
    @operation(
        "Export a conversation",
        description="`json` has all branches and can be imported; `markdown` has one branch, to be read.",
        media_types=(JSON_FILE, MARKDOWN_FILE),
        errors=(MessageUnknownError, NotFoundError),
        parameters=[ConversationExportIn],
        operation_id="exportConversation",
    )
    def get(self, request: Request, **keys: Any) -> HttpResponseBase:
        asked = self.read_query(ConversationExportIn)
        conversation = self.row()
        if asked["format"] == "json":
            conversation_exported(conversation=conversation, format="json")
            chunks = json_file([conversation.pk], self.caller.pk)
            return file_stream(chunks, content_type=JSON_FILE, name=_name(conversation, ".json"))
        leaf_id = asked.get("message") or conversation.current_message_id
        branch = branch_of(message_of(conversation, leaf_id)) if leaf_id else []
        conversation_exported(conversation=conversation, format="markdown")
        content_type = f"{MARKDOWN_FILE}; charset=utf-8"
        text = markdown_file(conversation, branch)
        return file_stream(text, content_type=content_type, name=_name(conversation, ".md"))


def _name(conversation: Conversation, extension: str) -> str:
    return safe_filename(conversation.title, extension, fallback=str(conversation.pk))


class ConversationsExportApi(ApiView):
    scope = "conversations"

    @operation(
        "Export all conversations",
        description=(
            "One file with all that you have, in all branches, which `POST /conversations/import` takes: to leave with "
            "everything, or to come to another account. What is written meanwhile may be in it or not."
        ),
        media_types=(JSON_FILE,),
        operation_id="exportConversations",
    )
    def get(self, request: Request) -> HttpResponseBase:
        rows = conversation_list_for(self.caller.pk).order_by("created_at", "pk")
        ids = list(rows.values_list("pk", flat=True))
        conversations_exported(owner_id=self.caller.pk, total=len(ids))
        return file_stream(json_file(ids, self.caller.pk), content_type=JSON_FILE, name="conversations.json")
