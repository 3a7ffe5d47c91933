"""The catalogue: which models there are, what they can do, until when, and what they cost."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel
from config.search.fields import SearchableModel, SearchText


class CatalogueModel(SearchableModel, BaseModel):
    """A model, as its provider calls it. Data that staff edit; `manage.py seed_catalogue` brings the first.

    From `ends_at` on it isn't called any more, and `successor` says what to take instead. `seeded_as` is the
    fingerprint of the facts that the command wrote; as long as it fits the row, nobody has edited them. `is_listed`:
    whether the provider's own list has it for the operator's key; null where nobody knows (`services.listing`).
    """

    class Capability(models.TextChoices):
        LLM = "llm", _("text")
        IMAGE = "image", _("image")
        MESH = "mesh", _("3D model")
        TRANSCRIPTION = "transcription", _("transcription")

    provider = models.CharField(_("provider"), max_length=40)
    name = models.CharField(_("model"), max_length=120)
    capability = models.CharField(_("capability"), max_length=20, choices=Capability, default=Capability.LLM)
    label = models.CharField(_("label"), max_length=120, blank=True)
    context_tokens = models.PositiveIntegerField(_("context (tokens)"), null=True, blank=True)
    max_output_tokens = models.PositiveIntegerField(_("longest output (tokens)"), null=True, blank=True)
    has_json_schema = models.BooleanField(_("keeps to a JSON schema"), default=False)
    has_tools = models.BooleanField(_("calls tools"), default=False)
    has_vision = models.BooleanField(_("reads images"), default=False)
    has_reasoning = models.BooleanField(_("reasons"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_listed = models.BooleanField(_("listed by its provider"), null=True, editable=False)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    successor = models.CharField(_("successor"), max_length=120, blank=True)
    source = models.URLField(_("source"), max_length=300, blank=True)
    seeded_as = models.CharField(_("seeded as"), max_length=64, blank=True, editable=False)
    search_text = SearchText("name", "label")
    search_is_indexed = False

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        constraints = [
            models.UniqueConstraint(fields=["capability", "provider", "name"], name="catalogue_model_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.name}"


class ModelPrice(BaseModel):
    """One version of a model's price, in integer micro-units (a millionth) of `currency`: per million tokens for text,
    per item (an image, a mesh, a second of audio) for the rest. Versions are added, not changed: the ledger names
    the one that a call was counted by. `tiers` say what a picture of some quality and of at most so many pixels costs
    instead (`domain.prices.PriceTier`)."""

    model = models.ForeignKey(
        CatalogueModel, verbose_name=_("model"), on_delete=models.CASCADE, related_name="prices"
    )
    version = models.CharField(_("version"), max_length=40)
    valid_from = models.DateTimeField(_("valid from"))
    currency = models.CharField(_("currency"), max_length=3, default="USD", editable=False)
    input_micros = models.BigIntegerField(_("input, per million tokens"), null=True, blank=True)
    cached_input_micros = models.BigIntegerField(_("cached input, per million tokens"), null=True, blank=True)
    output_micros = models.BigIntegerField(_("output, per million tokens"), null=True, blank=True)
    item_micros = models.BigIntegerField(_("per item"), null=True, blank=True)
    tiers = models.JSONField(_("by quality and size"), null=True, blank=True)
    source = models.URLField(_("source"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(fields=["model", "version"], name="model_price_version_once"),
            models.UniqueConstraint(fields=["model", "valid_from"], name="model_price_time_once"),
            models.CheckConstraint(
                condition=(models.Q(input_micros__gte=0) & models.Q(output_micros__gte=0))
                | models.Q(item_micros__gte=0),
                name="model_price_is_there",
            ),
            models.CheckConstraint(
                condition=models.Q(cached_input_micros__isnull=True) | models.Q(cached_input_micros__gte=0),
                name="model_price_cached_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.version
