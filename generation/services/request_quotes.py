"""What an image request asks providers for, what it would cost, and what there is to choose from."""

from typing import Any
from uuid import UUID

from generation.domain import images
from generation.domain.catalogue import IMAGE
from generation.domain.image_prompts import TOKENS_EACH, PromptsTask, instructions, request_text, styles_of
from generation.domain.images import PIXELS, Quality, Size
from generation.domain.requests import RequestOptions
from generation.errors import ModelEndedError, ModelUnavailableError, PriceMissingError
from generation.jobs.order_routes import order_routes_for
from generation.jobs.routes import routes_for
from generation.models.requests import QUALITY_WORDS, SIZE_WORDS, STYLE_WORDS
from generation.providers.image.base import ImageOrder
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.sandbox import without_inputs
from generation.selectors.catalogue import catalogue_list, offers_for
from generation.services.quotes import Quote, offers_of, shown_routes

#: The kind of request that the sandbox knows how to answer, and what its calls are for.
PROMPTS = "generation.prompts"
#: After so long without an answer pictures are made of the original prompt.
PROMPTS_SECONDS = 60.0


def prompts_request(prompt: str, *, style: str, count: int) -> ChatRequest:
    """Ask a text model for a prompt for each picture. Magic inputs of the sandbox are for the pictures."""
    task = PromptsTask(without_inputs(prompt), styles_of(style, count))
    return ChatRequest(
        messages=(ChatMessage("system", instructions(task)), ChatMessage("user", request_text(task))),
        max_output_tokens=TOKENS_EACH * count,
        temperature=0.7,
        json_schema=task.schema,
        timeout_s=PROMPTS_SECONDS,
        kind=PROMPTS,
        context={"task": task, "prompt": prompt},
    )


def image_order(
    prompt: str, *, size: str, quality: str, model: str = "", negative_prompt: str = "", **more: Any
) -> ImageOrder:
    width, height = PIXELS[Size(size)]
    return ImageOrder(
        prompt=prompt,
        width=width,
        height=height,
        model=model or None,
        negative_prompt=negative_prompt,
        quality=Quality(quality).value,
        **more,
    )


def request_quote(*, owner_id: UUID, options: RequestOptions, is_test: bool = False) -> Quote:
    """The price of the prompts and of all pictures. Raises what `order_routes_for` raises: a model that is unknown, has
    ended, has no key or no price. Without a text model pictures are made all the same."""
    routes = order_routes_for(owner_id, IMAGE, model=options.model or None, is_test=is_test)
    order = image_order(options.prompt, size=options.size, quality=options.quality)
    each = [route.cost(order) for route in routes]
    made = Quote(owner_id, routes, options.count * min(each), options.count * max(each))
    written = _prompts_quote(owner_id, options, is_test=is_test) if options.is_optimized else None
    if written is None:
        return made
    return Quote(
        owner_id,
        (*written.routes, *made.routes),
        written.least_micros + made.least_micros,
        written.most_micros + made.most_micros,
    )


def _prompts_quote(owner_id: UUID, options: RequestOptions, *, is_test: bool) -> Quote | None:
    try:
        offers = offers_of(routes_for(owner_id, is_test=is_test))
    except (PriceMissingError, ModelEndedError, ModelUnavailableError):
        return None
    request = prompts_request(options.prompt, style=options.style, count=options.count)
    ranges = [offer.data_range(request) for offer in offers]
    return Quote(
        owner_id,
        tuple(offer.route for offer in offers),
        min(least for least, _ in ranges),
        max(most for _, most in ranges),
    )


def request_config(*, owner_id: UUID, is_test: bool) -> dict[str, Any]:
    """What a request can be made with, by this caller, now."""
    offer = offers_for(owner_id, is_test=is_test)
    models = [
        {"name": f"{model.provider}:{model.name}", "provider": model.provider, "title": model.label}
        for model in catalogue_list().filter(capability=IMAGE).order_by("provider", "name")
        if offer(IMAGE, model.provider, model.name).is_callable
    ]
    return {
        "styles": [{"name": style.value, "title": str(word)} for style, word in STYLE_WORDS.items()],
        "sizes": [
            {"name": size.value, "title": str(word), "width": PIXELS[size][0], "height": PIXELS[size][1]}
            for size, word in SIZE_WORDS.items()
        ],
        "qualities": [{"name": quality.value, "title": str(word)} for quality, word in QUALITY_WORDS.items()],
        "models": models,
        "routes": shown_routes(order_routes_for(owner_id, IMAGE, is_test=is_test)),
        "limits": {
            "prompt_characters": images.MAX_PROMPT_CHARACTERS,
            "negative_prompt_characters": images.MAX_NEGATIVE_CHARACTERS,
            "images": images.MOST_IMAGES,
            "seed": images.LARGEST_SEED,
        },
    }
