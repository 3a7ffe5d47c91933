"""What a reply asks a provider for, and what that would cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from conversations.domain.attached import text_shown
from conversations.domain.context import Context, Said, choose_context
from conversations.domain.limits import DEFAULT_OUTPUT_TOKENS
from conversations.domain.roles import Role
from conversations.models import Attachment, Conversation, Message
from conversations.services.attachments import image_of, text_of
from generation.jobs.routes import Route, routes_for
from generation.jobs.run import INPUT_MARGIN
from generation.models import StoredFile
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.images import image_tokens
from generation.services.quotes import Offer, Quote, offers_of

REPLY = "conversations.reply"
"""The kind of request that the sandbox knows how to answer."""

#: Of some messages, by their ids.
Attachments = Mapping[UUID, Sequence[Attachment]]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a model is asked: what of the conversation goes along, with which files, and who may be asked."""

    conversation: Conversation
    model: str
    parameters: Mapping[str, Any]
    context: Context
    files: Mapping[str, Sequence[StoredFile]]
    routes: tuple[Route, ...]

    @property
    def images(self) -> list[StoredFile]:
        return [file for files in self.files.values() for file in files if file.is_image]


def reply_asked(
    conversation: Conversation,
    branch: Sequence[Message],
    attachments: Attachments,
    *,
    model: str,
    parameters: Mapping[str, Any],
    is_test: bool,
    since: datetime | None = None,
) -> Asked:
    """How a model is asked to answer the last message of the branch.

    What goes along fits into the smallest context of those that may be asked. Images of the last message go to models
    that read them only; of earlier messages they stay behind where one doesn't. Raises what `routes_for` raises (a
    model that is unknown, has ended, has no key, no price or no eyes), `SystemPromptTooLongError`,
    `MessageTooLongError`.
    """
    has_images = any(one.file.is_image for one in attachments.get(branch[-1].pk, ()))
    routes = routes_for(
        conversation.owner_id, model=model or None, is_test=is_test, since=since, has_images=has_images
    )
    sees = all(route.takes_images for route in routes)
    wanted = parameters.get("max_output_tokens") or DEFAULT_OUTPUT_TOKENS
    context = choose_context(
        [_said(message, attachments.get(message.pk, ()), sees=sees) for message in branch],
        system_prompt=conversation.system_prompt,
        context_tokens=min(filter(None, (route.context_tokens for route in routes)), default=None),
        max_output_tokens=min([wanted, *filter(None, (route.most_output for route in routes))]),
        context_messages=conversation.context_messages,
    )
    files = {
        said.id: [one.file for one in attachments.get(UUID(said.id), ()) if sees or not one.file.is_image]
        for said in context.messages
    }
    return Asked(conversation, model, parameters, context, files, routes)


def _said(message: Message, attachments: Sequence[Attachment], *, sees: bool) -> Said:
    images = sum(one.file.is_image for one in attachments)
    return Said(
        str(message.pk),
        Role(message.role).value,
        message.content,
        attached_tokens=sum(one.tokens for one in attachments if sees or not one.file.is_image),
        images=images if sees else 0,
        unseen=0 if sees else images,
    )


def reply_request(asked: Asked) -> ChatRequest:
    """The request, with what its files say: reads them. Raises `FileLostError`, `FileStorageError`."""
    system = asked.conversation.system_prompt
    messages = [ChatMessage("system", system)] if system else []
    for said in asked.context.messages:
        files = asked.files[said.id]
        texts = text_shown([(file.name, text_of(file)) for file in files if not file.is_image])
        images = tuple(image_of(file) for file in files if file.is_image)
        messages.append(ChatMessage(said.role, "\n\n".join(filter(None, (said.content, texts))), images))
    return ChatRequest(
        messages=tuple(messages),
        max_output_tokens=asked.context.output_tokens,
        model=asked.model or None,
        temperature=asked.parameters.get("temperature"),
        reasoning=bool(asked.parameters.get("reasoning")),
        kind=REPLY,
    )


def reply_quote(asked: Asked) -> Quote:
    """The price of one reply, by what its files take at most: they aren't read."""
    offers = offers_of(asked.routes)
    ranges = [_range(offer, asked) for offer in offers]
    return Quote(
        asked.conversation.owner_id,
        tuple(offer.route for offer in offers),
        min(least for least, _ in ranges),
        max(most for _, most in ranges),
    )


def _range(offer: Offer, asked: Asked) -> tuple[int, int]:
    price = offer.route.price
    sizes = [(file.width or 0, file.height or 0) for file in asked.images]
    read = asked.context.input_tokens + sum(
        image_tokens(*size, offer.route.model) - image_tokens(*size) for size in sizes
    )
    written = offer.llm.max_billed_output_tokens(
        ChatRequest(
            messages=(ChatMessage("user", ""),),
            max_output_tokens=asked.context.output_tokens,
            model=offer.route.model or None,
            reasoning=bool(asked.parameters.get("reasoning")),
        )
    )
    # The estimate is an upper one: a tokenizer may well need half as much, and an image nearly nothing.
    least_read = (asked.context.input_tokens - sum(image_tokens(*size) for size in sizes)) // 3
    least = price.cost(input_tokens=least_read, output_tokens=0, cached_tokens=least_read)
    return least, price.cost(input_tokens=ceil(read * INPUT_MARGIN), output_tokens=written)
