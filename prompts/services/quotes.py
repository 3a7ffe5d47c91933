"""What the optimizer can be asked for, what it asks a provider for, and what that would cost."""

from typing import Any
from uuid import UUID

from generation.domain.catalogue import LLM
from generation.jobs.routes import routes_for
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.selectors.catalogue import catalogue_list, offers_for
from generation.services.quotes import Quote, offers_of, shown_routes
from prompts.domain import optimizing
from prompts.domain.modes import Mode
from prompts.domain.optimizing import SCHEMA, Task, instructions, request_text
from prompts.models.optimizations import MODE_WORDS

OPTIMIZE = "prompts.optimize"
"""The kind of request that the sandbox knows how to answer."""


def optimization_request(task: Task, model: str = "") -> ChatRequest:
    return ChatRequest(
        messages=(ChatMessage("system", instructions(task)), ChatMessage("user", request_text(task))),
        max_output_tokens=task.most_tokens,
        model=model or None,
        temperature=0.4,
        json_schema=SCHEMA,
        kind=OPTIMIZE,
        context={"task": task},
    )


def optimization_quote(*, owner_id: UUID, task: Task, model: str = "", is_test: bool = False) -> Quote:
    """The price of one optimization. Raises what `routes_for` raises: a model that is unknown, has ended, has no key
    or no price."""
    offers = offers_of(routes_for(owner_id, model=model or None, is_test=is_test))
    request = optimization_request(task, model)
    ranges = [offer.data_range(request) for offer in offers]
    return Quote(
        owner_id,
        tuple(offer.route for offer in offers),
        min(least for least, _ in ranges),
        max(most for _, most in ranges),
    )


def optimization_config(*, owner_id: UUID, is_test: bool) -> dict[str, Any]:
    """What an optimization can be asked for, by this caller, now."""
    offer = offers_for(owner_id, is_test=is_test)
    models = [
        {
            "name": f"{model.provider}:{model.name}",
            "provider": model.provider,
            "title": model.label,
            "context_tokens": model.context_tokens,
        }
        for model in catalogue_list().filter(capability=LLM).order_by("provider", "name")
        if offer(LLM, model.provider, model.name).is_callable
    ]
    return {
        "modes": [{"name": mode.value, "title": str(word)} for mode, word in MODE_WORDS.items()],
        "default_mode": Mode.GENERAL.value,
        "providers": list(dict.fromkeys(model["provider"] for model in models)),
        "models": models,
        "routes": shown_routes(routes_for(owner_id, is_test=is_test)),
        "limits": {
            "prompt_characters": optimizing.MAX_PROMPT_CHARACTERS,
            "wish_characters": optimizing.MAX_WISH_CHARACTERS,
            "response_characters": optimizing.MAX_RESPONSE_CHARACTERS,
            "reason_characters": optimizing.MAX_REASON_CHARACTERS,
            "lowest_rating": optimizing.LOWEST_RATING,
            "highest_rating": optimizing.HIGHEST_RATING,
        },
    }
