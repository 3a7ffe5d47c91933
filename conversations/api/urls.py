"""Addresses of conversations, below /api/v1/conversations."""

from django.urls import path

from conversations.api.views import (
    conversations,
    events,
    exports,
    imports,
    messages,
    settings,
    shares,
    usage,
)

urlpatterns = [
    path("", conversations.ConversationListApi.as_view()),
    path("/settings", settings.ConversationSettingsApi.as_view()),
    path("/search", messages.MessageSearchApi.as_view()),
    path("/import", imports.ConversationImportCreateApi.as_view()),
    path("/imports", imports.ConversationImportListApi.as_view()),
    path("/imports/<uuid:import_id>", imports.ConversationImportApi.as_view(), name="conversation-import"),
    path("/imports/<uuid:import_id>/items", imports.ConversationImportItemListApi.as_view()),
    path("/export", exports.ConversationsExportApi.as_view()),
    path("/<uuid:conversation_id>/export", exports.ConversationExportApi.as_view()),
    path("/shares", shares.ShareListApi.as_view()),
    path("/shares/<uuid:share_id>", shares.ShareApi.as_view(), name="conversation-share"),
    path("/<uuid:conversation_id>/shares", shares.ConversationShareListApi.as_view()),
    path("/<uuid:conversation_id>", conversations.ConversationApi.as_view(), name="conversation"),
    path("/<uuid:conversation_id>/usage", usage.ConversationUsageApi.as_view()),
    path("/<uuid:conversation_id>/fork", conversations.ConversationForkApi.as_view()),
    path("/<uuid:conversation_id>/reply", messages.ReplyApi.as_view()),
    path("/<uuid:conversation_id>/reply/estimate", messages.ReplyEstimateApi.as_view()),
    path("/<uuid:conversation_id>/stop", messages.ReplyStopApi.as_view()),
    path("/<uuid:conversation_id>/events", events.MessageEventsApi.as_view()),
    path("/<uuid:conversation_id>/messages", messages.MessageListApi.as_view()),
    path(
        "/<uuid:conversation_id>/messages/<uuid:message_id>",
        messages.MessageApi.as_view(),
        name="conversation-message",
    ),
    path(
        "/<uuid:conversation_id>/messages/<uuid:message_id>/regenerate",
        messages.MessageRegenerateApi.as_view(),
    ),
    path("/<uuid:conversation_id>/messages/<uuid:message_id>/edit", messages.MessageEditApi.as_view()),
]
