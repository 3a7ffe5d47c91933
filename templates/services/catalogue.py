"""The shared library: categories and content templates that come with the product."""

from dataclasses import asdict, dataclass

from django.db import transaction

from templates.domain.catalogue import CatalogueTemplate, load_catalogue
from templates.models import Category, ContentTemplate
from templates.services.sources import content_template_create, content_template_update


@dataclass(frozen=True, slots=True)
class CatalogueResult:
    """How many templates were made, changed, and left as they were; and how many categories there are."""

    created: int
    updated: int
    unchanged: int
    categories: int


@transaction.atomic
def catalogue_init(*, overwrite: bool = False) -> CatalogueResult:
    """Add what is missing of the catalogue to the shared library.

    What staff have changed stays, unless `overwrite` asks for the original texts. Running it again changes nothing.
    """
    known = {template.code: template for template in ContentTemplate.objects.filter(owner=None)}
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    categories = load_catalogue().categories
    for category in categories:
        Category.objects.get_or_create(
            code=category.code,
            defaults={"name_zh": category.name.zh, "name_en": category.name.en, "order": category.order},
        )
        for recipe in category.templates:
            counts[_init_template(recipe, known.get(recipe.texts.code), overwrite=overwrite)] += 1
    return CatalogueResult(**counts, categories=len(categories))


def _init_template(recipe: CatalogueTemplate, template: ContentTemplate | None, *, overwrite: bool) -> str:
    texts = asdict(recipe.texts)
    category_code = texts.pop("category_code")
    fields = {**texts, "order": recipe.order}
    if template is None:
        content_template_create(owner_id=None, category_code=category_code, **fields)
        return "created"
    if overwrite and any(getattr(template, name) != value for name, value in fields.items()):
        content_template_update(template=template, category_code=category_code, **fields)
        return "updated"
    return "unchanged"
