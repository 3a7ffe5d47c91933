"""What a reply asks a provider for, and what that would cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from conversations.domain.context import Context, Said, choose_context
from conversations.domain.limits import DEFAULT_OUTPUT_TOKENS
from conversations.domain.roles import Role
from conversations.models import Conversation, Message
from generation.jobs.routes import Route, routes_for
from generation.jobs.run import INPUT_MARGIN
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.services.quotes import Offer, Quote, offers_of

REPLY = "conversations.reply"
"""The kind of request that the sandbox knows how to answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, what of the conversation goes along with it, and who may be asked."""

    request: ChatRequest
    context: Context
    routes: tuple[Route, ...]


def reply_asked(
    conversation: Conversation,
    branch: Sequence[Message],
    *,
    model: str,
    parameters: Mapping[str, Any],
    is_test: bool,
    since: datetime | None = None,
) -> Asked:
    """How a model is asked to answer the last message of the branch.

    What goes along fits into the smallest context of those that may be asked. Raises what `routes_for` raises (a model
    that is unknown, has ended, has no key or no price), `SystemPromptTooLongError`, `MessageTooLongError`.
    """
    routes = routes_for(conversation.owner_id, model=model or None, is_test=is_test, since=since)
    wanted = parameters.get("max_output_tokens") or DEFAULT_OUTPUT_TOKENS
    context = choose_context(
        [_said(message) for message in branch],
        system_prompt=conversation.system_prompt,
        context_tokens=min(filter(None, (route.context_tokens for route in routes)), default=None),
        max_output_tokens=min([wanted, *filter(None, (route.most_output for route in routes))]),
        context_messages=conversation.context_messages,
    )
    request = ChatRequest(
        messages=tuple(_messages(conversation.system_prompt, context)),
        max_output_tokens=context.output_tokens,
        model=model or None,
        temperature=parameters.get("temperature"),
        reasoning=bool(parameters.get("reasoning")),
        kind=REPLY,
    )
    return Asked(request, context, routes)


def _said(message: Message) -> Said:
    return Said(str(message.pk), Role(message.role).value, message.content)


def _messages(system_prompt: str, context: Context) -> list[ChatMessage]:
    found = [ChatMessage("system", system_prompt)] if system_prompt else []
    return [*found, *(ChatMessage(said.role, said.content) for said in context.messages)]


def reply_quote(conversation: Conversation, asked: Asked) -> Quote:
    """The price of one reply."""
    offers = offers_of(asked.routes)
    ranges = [_range(offer, asked.request) for offer in offers]
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
