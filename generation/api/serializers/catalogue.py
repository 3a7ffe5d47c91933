"""Shapes of the catalogue: what the API shows of models and prices."""

from typing import Any

from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Text, Time, Uuid
from config.api.lists.plain import plain_serializer
from config.api.lists.read_models import ReadModel
from generation.models import CatalogueModel


class CatalogueRow(ReadModel, source_model=CatalogueModel):
    """The facts about a model."""

    id = Uuid()
    provider = Text(example="deepseek")
    model = Text(
        "name",
        help="What a request names as `model`; `provider:model` where several providers have it.",
        example="deepseek-flash",
    )
    capability = Choice(CatalogueModel.Capability)
    label = Text(help="What people call the model.", example="DeepSeek V4.1 Flash")
    context_tokens = Int(help="Input and output together; null: not known.", example=1_000_000)
    max_output_tokens = Int(example=384_000)
    has_json_schema = Bool(
        help="The provider itself keeps the answer to a JSON schema; otherwise it is checked here."
    )
    has_tools = Bool()
    has_vision = Bool()
    has_reasoning = Bool()
    is_listed = Bool(
        help="Whether the provider's own list has it, looked at every few minutes with the operator's key; null: not "
        "known."
    )
    ends_at = Time(help="From then on it isn't called.")
    successor = Text(help="What to name instead once it has ended.")
    source = Text(
        help="Where these facts were read.",
        example="https://api-docs.deepseek.com/quick_start/pricing",
    )
    created_at = Time()
    updated_at = Time()


class PriceTierOut(serializers.Serializer[Any]):
    """What a picture or mesh costs instead; of several that hold, the one that names the quality, then the smallest."""

    quality = serializers.CharField(
        allow_blank=True, help_text="Empty: any. A mesh: textured, plain, or textures for one that is there."
    )
    most_pixels = serializers.IntegerField(allow_null=True, help_text="Width times height; null: any.")
    item_micros = serializers.IntegerField()


class PriceOut(serializers.Serializer[Any]):
    """A price in millionths of `currency`: per million tokens for text, per item (an image, a mesh, a second of audio)
    for the rest."""

    version = serializers.CharField(help_text="What the ledger names it by.")
    currency = serializers.CharField()
    input_micros = serializers.IntegerField(allow_null=True)
    cached_input_micros = serializers.IntegerField(
        allow_null=True, help_text="Input that the provider had in its cache; null: as new input."
    )
    output_micros = serializers.IntegerField(allow_null=True)
    item_micros = serializers.IntegerField(
        allow_null=True, help_text="What an item costs where none of the `tiers` holds."
    )
    tiers = PriceTierOut(
        many=True, help_text="What pictures cost by quality and size, and meshes by quality."
    )


class CatalogueOut(plain_serializer(CatalogueRow)):  # type: ignore[misc]
    """A model that a request may name, and what it costs now."""

    price = PriceOut(
        allow_null=True, help_text="In force now; null: nobody has entered one, so it isn't called."
    )
    is_callable = serializers.BooleanField(
        help_text="Whether you could name it now: it has a price, hasn't ended, there is a key for its provider, and "
        "that has it (`is_listed`)."
    )
