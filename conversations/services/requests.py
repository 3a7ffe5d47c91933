"""What a reply asks a provider for, and what that would cost."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from conversations.domain.limits import DEFAULT_OUTPUT_TOKENS
from conversations.domain.roles import MessageStatus, Role
from conversations.models import Conversation, Message
from conversations.selectors import branch_of
from generation.jobs.routes import routes_for
from generation.jobs.run import INPUT_MARGIN
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.services.quotes import Offer, Quote, offers_of

REPLY = "conversations.reply"
"""The kind of request that the sandbox knows how to answer."""


def reply_request(
    conversation: Conversation, question: Message, *, model: str, parameters: Mapping[str, Any]
) -> ChatRequest:
    """The branch that ends with the question, after the system prompt."""
    return ChatRequest(
        messages=tuple(_messages(conversation, branch_of(question))),
        max_output_tokens=parameters.get("max_output_tokens") or DEFAULT_OUTPUT_TOKENS,
        model=model or None,
        temperature=parameters.get("temperature"),
        reasoning=bool(parameters.get("reasoning")),
        kind=REPLY,
    )


def _messages(conversation: Conversation, branch: Sequence[Message]) -> list[ChatMessage]:
    found = [ChatMessage("system", conversation.system_prompt)] if conversation.system_prompt else []
    for message in branch:
        if message.status != MessageStatus.FAILED and message.content:
            found.append(ChatMessage(Role(message.role).value, message.content))
    return found


def reply_quote(
    conversation: Conversation, question: Message, *, model: str, parameters: Mapping[str, Any], is_test: bool
) -> Quote:
    """The price of one reply. Raises what `routes_for` raises: a model that is unknown, has ended, has no key or no
    price."""
    offers = offers_of(routes_for(conversation.owner_id, model=model or None, is_test=is_test))
    request = reply_request(conversation, question, model=model, parameters=parameters)
    ranges = [_range(offer, request) for offer in offers]
    return Quote(
        conversation.owner_id,
        tuple(offer.route for offer in offers),
        min(least for least, _ in ranges),
        max(most for _, most in ranges),
    )


def _range(offer: Offer, request: ChatRequest) -> tuple[int, int]:
    price = offer.route.price
    read = offer.llm.estimate_input_tokens(request)
    written = offer.llm.max_billed_output_tokens(request)
    # The estimate is an upper one; a tokenizer may well need half as much.
    least = price.cost(input_tokens=read // 3, output_tokens=0, cached_tokens=read // 3)
    return least, price.cost(input_tokens=ceil(read * INPUT_MARGIN), output_tokens=written)
