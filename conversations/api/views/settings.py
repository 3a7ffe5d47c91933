"""What an account wants of all its conversations."""

from typing import Any

from rest_framework.request import Request

from config.api.schema import operation
from config.api.views import ApiView
from conversations.api.serializers.settings import ConversationSettingsIn, ConversationSettingsOut
from conversations.selectors import settings_for
from conversations.services.retention import settings_update

EXAMPLE = {"retention_days": 90}


class ConversationSettingsApi(ApiView):
    scope = "conversations"

    @operation(
        "Read the settings of your conversations",
        response=ConversationSettingsOut,
        example=EXAMPLE,
        operation_id="getConversationSettings",
    )
    def get(self, request: Request) -> dict[str, Any]:
        return settings_for(self.caller.pk)

    @operation(
        "Change the settings of your conversations",
        description="Texts that are too old by then are removed within the hour, and can't be brought back.",
        request=ConversationSettingsIn,
        request_example=EXAMPLE,
        response=ConversationSettingsOut,
        example=EXAMPLE,
        operation_id="updateConversationSettings",
    )
    def patch(self, request: Request) -> dict[str, Any]:
        settings_update(owner_id=self.caller.pk, **self.read(ConversationSettingsIn, partial=True))
        return settings_for(self.caller.pk)
