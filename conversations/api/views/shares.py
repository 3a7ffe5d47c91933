"""Links by which others read a conversation."""

from typing import Any

import orjson
from django.urls import reverse
from rest_framework.request import Request

from config.api.lists.filters import UuidFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Created, NoContent
from config.errors import NotFoundError
from conversations.api.serializers.shares import (
    ConversationShareCreatedOut,
    ConversationShareCreateIn,
    ConversationShareOut,
)
from conversations.api.views.messages import InConversationApi
from conversations.errors import (
    MessageUnknownError,
    NothingToShareError,
    ShareLimitError,
    ShareTooLargeError,
)
from conversations.selectors import conversation_list_for, conversation_share_list_for, share_list_for
from conversations.services.shares import share_create, share_delete

#: The address of the page that a link leads to.
PAGE_ROUTE = "shared-conversation"


class SharesApi(ResourceApi):
    scope = "conversations"
    read_model = ConversationShareOut
    selector = share_list_for
    route = "conversation-share"


class ShareListApi(SharesApi, ListApi):
    filters = {"conversation_id": UuidFilter("conversation"), **time_range("created_at")}
    summary = "List links to conversations"
    description = "Those of all your conversations, newest first."


class ConversationShareListApi(InConversationApi, ListApi):
    read_model = ConversationShareOut
    selector = conversation_share_list_for
    # A kept answer would keep the link, which is kept nowhere.
    keeps_answers = False
    parent = conversation_list_for
    summary = "List a conversation's links"

    @operation(
        "Share a conversation",
        description=(
            "Makes a link to a page that needs no login and shows one branch as it is now: what was said, and nothing "
            "else. What is said later doesn't show. The link is in this answer and never again."
        ),
        request=ConversationShareCreateIn,
        request_example={"expires_in_days": 30},
        response=ConversationShareCreatedOut,
        example={**ConversationShareOut.example(), "url": "https://atelier.example/shared/8fJ…"},
        status=201,
        errors=(MessageUnknownError, NothingToShareError, ShareTooLargeError, ShareLimitError, NotFoundError),
        operation_id="shareConversation",
    )
    def post(self, request: Request, **keys: Any) -> Created:
        asked = self.read(ConversationShareCreateIn)
        with self.conversation() as conversation:
            share, token = share_create(conversation=conversation, **asked)
        row = orjson.loads(self.row_json(share.pk).data_json)
        url = request.build_absolute_uri(reverse(PAGE_ROUTE, args=[token]))
        return Created({**row, "url": url}, reverse(SharesApi.route, args=[share.pk]))


class ShareApi(SharesApi, DetailApi):
    summary = "Read a link to a conversation"

    @operation("Revoke a link", description="At once: its page is gone.", status=204)
    def delete(self, request: Request, **keys: Any) -> NoContent:
        share_delete(share=self.row())
        return NoContent()
