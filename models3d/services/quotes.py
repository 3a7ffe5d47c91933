"""What a model would cost, and what there is to choose from."""

from typing import Any
from uuid import UUID

from generation.domain.catalogue import MESH
from generation.jobs.order_routes import order_routes_for
from generation.providers.mesh.base import MeshOrder
from generation.selectors.catalogue import catalogue_list, offers_for
from generation.services.quotes import Quote, shown_routes
from models3d.domain import limits, options
from models3d.domain.licences import TERMS
from models3d.domain.options import ModelOptions
from models3d.domain.words import Unit
from models3d.models.models import LICENCE_WORDS, UNIT_WORDS


def model_quote(*, owner_id: UUID, asked: ModelOptions, is_test: bool = False) -> Quote:
    """A mesh's price; what is uploaded is read for nothing. Raises what `order_routes_for` raises: a model that is
    unknown, has ended, has no key or no price."""
    if asked.file_id is not None:
        return Quote(owner_id, (), 0, 0)
    routes = order_routes_for(owner_id, MESH, model=asked.model or None, is_test=is_test)
    order = MeshOrder(prompt=asked.prompt or "…", is_textured=asked.is_textured)
    costs = [route.cost(order) for route in routes]
    return Quote(owner_id, routes, min(costs), max(costs))


def model_config(*, owner_id: UUID, is_test: bool) -> dict[str, Any]:
    """What a model can be made with, by this caller, now."""
    offer = offers_for(owner_id, is_test=is_test)
    models = [
        {"name": f"{model.provider}:{model.name}", "provider": model.provider, "title": model.label}
        for model in catalogue_list().filter(capability=MESH).order_by("provider", "name")
        if offer(MESH, model.provider, model.name).is_callable
    ]
    return {
        "models": models,
        "routes": shown_routes(order_routes_for(owner_id, MESH, is_test=is_test)),
        "shapes": list(options.SHAPES),
        "formats": [one.value for one in options.TARGETS],
        "units": [{"name": unit.value, "title": str(UNIT_WORDS[unit])} for unit in Unit],
        "licences": [
            {
                "name": licence.value,
                "title": str(LICENCE_WORDS[licence]),
                "url": terms.url,
                "allows_remixes": terms.allows_remixes,
                "allows_commerce": terms.allows_commerce,
            }
            for licence, terms in TERMS.items()
        ],
        "limits": {
            "prompt_characters": options.MAX_PROMPT_CHARACTERS,
            "name_characters": limits.NAME,
            "description_characters": limits.DESCRIPTION,
            "tags": limits.TAGS,
            "tag_characters": limits.TAG,
            "least_mm": limits.LEAST_MM,
            "most_mm": limits.MOST_MM,
            "seed": options.LARGEST_SEED,
        },
    }
