"""What a conversation has used."""

from typing import Any

from rest_framework.request import Request

from config.api.schema import operation
from config.errors import NotFoundError
from conversations.api.serializers.usage import USAGE_EXAMPLE, ConversationUsageOut
from conversations.api.views.conversations import ConversationsApi
from conversations.selectors import USED, conversation_list_for, conversation_usage, uncertain_calls
from generation.domain.prices import CURRENCY


class ConversationUsageApi(ConversationsApi):
    @operation(
        "Read what a conversation has used",
        description=(
            "Tokens, cost and time of the answers that were made in it. What a fork took over cost it nothing. A call "
            "of which nobody knows whether it was charged (its worker died) costs nothing here until that is known."
        ),
        response=ConversationUsageOut,
        example=USAGE_EXAMPLE,
        errors=(NotFoundError,),
        operation_id="getConversationUsage",
    )
    def get(self, request: Request, **keys: Any) -> dict[str, Any]:
        conversation_id = self.kwargs["conversation_id"]
        if not conversation_list_for(self.caller.pk).filter(pk=conversation_id).exists():
            raise NotFoundError
        models = conversation_usage(conversation_id)
        sums = {name: sum(row[name] for row in models) for name in USED}
        return {**sums, **uncertain_calls(conversation_id), "currency": CURRENCY, "models": models}
