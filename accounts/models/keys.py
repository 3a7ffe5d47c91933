"""Keys of users' own at the vendors (bring your own key)."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import ObjectType
from config.crypto import EncryptedTextField
from config.db import OwnedModel
from config.search.fields import SearchableModel, SearchableQuerySet, SearchText


class ProviderKeyQuerySet(SearchableQuerySet["ProviderKey"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


#: Vendors that are reached at their own address only: what they take is signed, or not spoken by anybody else.
AT_HOME = frozenset({"tencent", "meshy"})


class ProviderKey(SearchableModel, OwnedModel):
    """A key that calls of its owner are made with before the operator's, the oldest active one first.

    `secret` is encrypted; nothing but `last_four` of it ever leaves the server. `base_url` replaces the vendor's
    address and passes the egress guard; a custom server needs it. The two prices (micro-units per million tokens) are
    what the owner pays, for models that the catalogue doesn't know; 0 for a server of one's own. `error_code` says
    why the vendor last refused the key.
    """

    recorded_as = ObjectType.API_KEY
    recorded_with = ("provider", "name", "last_four")

    class Provider(models.TextChoices):
        OPENAI = "openai", "OpenAI"
        DEEPSEEK = "deepseek", "DeepSeek"
        MOONSHOT = "moonshot", "Moonshot"
        QWEN = "qwen", "Qwen"
        SILICONFLOW = "siliconflow", "SiliconFlow"
        TENCENT = "tencent", "Tencent Cloud"
        MESHY = "meshy", "Meshy"
        CUSTOM = "custom", _("custom")

    provider = models.CharField(_("provider"), max_length=20, choices=Provider)
    name = models.CharField(_("name"), max_length=100, blank=True)
    secret = EncryptedTextField(_("key"), editable=False)
    last_four = models.CharField(_("last four characters"), max_length=4, blank=True, editable=False)
    base_url = models.CharField(_("address"), max_length=500, blank=True)
    model_name = models.CharField(_("model"), max_length=120, blank=True)
    input_micros = models.BigIntegerField(
        _("price of input (micro-units per million)"), null=True, blank=True
    )
    output_micros = models.BigIntegerField(
        _("price of output (micro-units per million)"), null=True, blank=True
    )
    is_active = models.BooleanField(_("active"), default=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True, editable=False)
    error_code = models.CharField(_("error code"), max_length=60, blank=True, editable=False)
    search_text = SearchText("name")
    search_is_indexed = False

    objects = ProviderKeyQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("provider key")
        verbose_name_plural = _("provider keys")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    provider__in=[
                        *(
                            "openai",
                            "deepseek",
                            "moonshot",
                            "qwen",
                            "siliconflow",
                            "tencent",
                            "meshy",
                            "custom",
                        )
                    ]
                ),
                name="key_provider_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(provider="custom") | ~models.Q(base_url=""), name="key_custom_has_address"
            ),
            models.CheckConstraint(
                condition=(models.Q(input_micros__isnull=True) | models.Q(input_micros__gte=0))
                & (models.Q(output_micros__isnull=True) | models.Q(output_micros__gte=0)),
                name="key_prices_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="key_owner_newest")]

    def __str__(self) -> str:
        return f"{self.provider} …{self.last_four}"
