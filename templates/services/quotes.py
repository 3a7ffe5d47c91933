"""What a batch would cost: a range, before anything is bought."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from generation.domain.prices import CURRENCY, VERSION, Price, price_for
from generation.errors import PriceMissingError
from generation.providers import registry
from generation.providers.llm.base import LLM, ChatMessage, ChatRequest
from templates.domain import prompting
from templates.domain.inputs import Language, language_of
from templates.models import ContentTemplate, Project
from templates.services.batches import BatchPlan
from templates.services.sources import project_input, template_input

#: Calls that one document can take at most: the first, and its continuations (`templates.handlers.CONTINUATIONS`).
MOST_CALLS = 4


@dataclass(frozen=True, slots=True)
class Quote:
    """Micro-units of `currency`. The settled cost lies between both: `least_micros` is the input alone, `most_micros`
    has every document continued to the limit, by the dearest of the providers that may be asked."""

    providers: tuple[str, ...]
    least_micros: int
    most_micros: int
    currency: str = CURRENCY
    price_version: str = VERSION


def batch_quote(*, planned: BatchPlan, demo_mode: bool = False) -> Quote:
    """The price of the items that would run. Raises `PriceMissingError` for a model without a price.

    The input is measured for each template and language with the shortest and the longest project, so that ten
    thousand items take as long as a few.
    """
    names = (registry.SANDBOX,) if demo_mode else registry.provider_names("llm")
    adapters = [(registry.get_llm(name), _price(name)) for name in names]
    projects = sorted(planned.projects, key=lambda p: max(len(p.description_zh), len(p.description_en)))
    templates = {template.pk: template for template in planned.templates}
    measured: dict[tuple[object, str, str], tuple[int, int]] = {}
    least = most = 0
    for item in planned.to_run:
        cell = item.cell
        key = (cell.content_template_id, cell.language, cell.source_language)
        if key not in measured:
            measured[key] = _range(
                adapters, projects, templates[cell.content_template_id], language_of(cell.language),
                is_translation=cell.language != cell.source_language,
            )  # fmt: skip
        least += measured[key][0]
        most += measured[key][1]
    return Quote(tuple(names), least, most)


def _price(name: str) -> Price:
    model = registry.get_llm(name).model
    price = price_for(name, model)
    if price is None:
        raise PriceMissingError(provider=name, model=model)
    return price


def _range(
    adapters: Sequence[tuple[LLM, Price]],
    projects: Sequence[Project],
    template: ContentTemplate,
    language: Language,
    *,
    is_translation: bool,
) -> tuple[int, int]:
    longest = settings.DOCUMENT_MAX_OUTPUT_TOKENS
    read = template_input(template)
    request = [
        ChatRequest(
            messages=_messages(prompting.document_messages(project_input(project), read, language)),
            max_output_tokens=longest,
        )
        for project in (projects[0], projects[-1])
    ]
    least, most = [], []
    for llm, price in adapters:
        shortest_input, longest_input = (llm.estimate_input_tokens(one) for one in request)
        if is_translation:
            # The source is a document of ours: at most as long as one can get. A repair may come on top.
            shortest_input, longest_input = 0, longest_input + 2 * MOST_CALLS * longest
        calls = MOST_CALLS + is_translation
        again = sum(range(calls)) * longest  # each continuation reads what was written so far
        # The estimate is an upper one; a tokenizer may well need half as much.
        least.append(
            price.cost(input_tokens=shortest_input // 3, output_tokens=0, cached_tokens=shortest_input // 3)
        )
        most.append(price.cost(input_tokens=calls * longest_input + again, output_tokens=calls * longest))
    return min(least), max(most)


def _messages(messages: Sequence[prompting.Message]) -> tuple[ChatMessage, ...]:
    return tuple(ChatMessage(m.role, m.content) for m in messages)
