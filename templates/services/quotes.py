"""What a batch would cost: a range, before anything is bought."""

from collections.abc import Sequence
from math import ceil
from uuid import UUID

from django.conf import settings

from generation.jobs.routes import routes_for
from generation.jobs.run import INPUT_MARGIN
from generation.jobs.texts import MOST_CALLS, MOST_ROUNDS
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.services.quotes import Offer, Quote, offers_of
from templates.domain import prompting
from templates.domain.inputs import Language, language_of
from templates.models import ContentTemplate, Project
from templates.services.plans import BatchOptions, BatchPlan
from templates.services.sources import project_input, template_input


def batch_quote(*, owner_id: UUID, planned: BatchPlan, options: BatchOptions) -> Quote:
    """The price of the items that would run. Raises what `routes_for` raises: a model that is unknown, has ended, has
    no key or no price.

    The input is measured for each template and language with the shortest and the longest project, so that ten
    thousand items take as long as a few.
    """
    routes = routes_for(owner_id, model=options.model or None, is_test=options.demo_mode)
    offers = offers_of(routes)
    projects = sorted(planned.projects, key=lambda p: max(len(p.description_zh), len(p.description_en)))
    templates = {template.pk: template for template in planned.templates}
    measured: dict[tuple[object, str, str], tuple[int, int]] = {}
    least = most = 0
    for item in planned.to_run:
        cell = item.cell
        key = (cell.content_template_id, cell.language, cell.source_language)
        if key not in measured:
            measured[key] = _range(
                offers, projects, templates[cell.content_template_id], language_of(cell.language),
                is_translation=cell.language != cell.source_language,
            )  # fmt: skip
        least += measured[key][0]
        most += measured[key][1]
    return Quote(owner_id, tuple(offer.route for offer in offers), least, most)


def _range(
    offers: Sequence[Offer],
    projects: Sequence[Project],
    template: ContentTemplate,
    language: Language,
    *,
    is_translation: bool,
) -> tuple[int, int]:
    read = template_input(template)
    requests = [
        ChatRequest(
            messages=_messages(prompting.document_messages(project_input(project), read, language)),
            max_output_tokens=settings.DOCUMENT_MAX_OUTPUT_TOKENS,
        )
        for project in (projects[0], projects[-1])
    ]
    ranges = [_range_by(offer, requests, is_translation=is_translation) for offer in offers]
    return min(least for least, _ in ranges), max(most for _, most in ranges)


def _range_by(offer: Offer, requests: Sequence[ChatRequest], *, is_translation: bool) -> tuple[int, int]:
    price = offer.route.price
    shortest, longest = (offer.llm.estimate_input_tokens(request) for request in requests)
    written = offer.llm.max_billed_output_tokens(requests[-1])
    if is_translation:
        # The source is a document of ours: at most as long as one can get. A repair may come on top.
        shortest, longest = 0, longest + 2 * MOST_CALLS * written
    calls = MOST_CALLS + is_translation
    again = sum(range(calls)) * written  # each continuation reads what was written so far
    # The estimate is an upper one; a tokenizer may well need half as much.
    least = price.cost(input_tokens=shortest // 3, output_tokens=0, cached_tokens=shortest // 3)
    longest = ceil(longest * INPUT_MARGIN)
    most = price.cost(input_tokens=calls * longest + again, output_tokens=calls * written)
    return least, MOST_ROUNDS * most


def _messages(messages: Sequence[prompting.Message]) -> tuple[ChatMessage, ...]:
    return tuple(ChatMessage(m.role, m.content) for m in messages)
