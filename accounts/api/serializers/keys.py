"""Shapes of provider keys. A key is read and never shown."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.domain.keys import MAX_KEY_LENGTH, is_sendable, key_stripped
from accounts.models import ProviderKey
from accounts.services.keys import Verified
from config.api.lists.fields import Bool, Choice, Int, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictModelSerializer
from config.crypto import MASK, Secret

#: A million dollars for a million tokens: more is a mistake.
MOST_MICROS = 1_000_000_000_000


@extend_schema_field({"type": "string", "maxLength": MAX_KEY_LENGTH, "format": "password", "writeOnly": True})
class SecretField(serializers.Field[Secret, str, str, Any]):
    """A `Secret` from the first moment on. What is wrong with one is said without repeating it."""

    default_error_messages = {
        "not_text": _("A key is text."),
        "characters": _(
            "A key consists of visible ASCII characters without blanks or line breaks. Copy it once more."
        ),
        "max_length": _("A key has at most {max_length} characters. Copy it once more."),
    }

    def to_internal_value(self, data: Any) -> Secret:
        if not isinstance(data, str):
            self.fail("not_text")
        text = key_stripped(data)
        if len(text) > MAX_KEY_LENGTH:
            self.fail("max_length", max_length=MAX_KEY_LENGTH)
        if not is_sendable(text):
            self.fail("characters")
        return Secret(text)

    def to_representation(self, value: Secret) -> str:
        return MASK


PRICE = {
    "min_value": 0,
    "max_value": MOST_MICROS,
    "help_text": (
        "Micro-units (a millionth of a US dollar) per million tokens, for models that the catalogue doesn't know; "
        "0 for a server of your own."
    ),
}
FIELDS = {
    "base_url": {
        "help_text": (
            "Instead of the provider's own address; checked now and at every call. A custom server needs it."
        )
    },
    "model_name": {
        "help_text": "The model that calls with this key are for; empty: the provider's usual one."
    },
    "name": {"help_text": "For people."},
    "input_micros": PRICE,
    "output_micros": PRICE,
}


class ProviderKeyTryIn(StrictModelSerializer):
    """A key that isn't kept."""

    api_key = SecretField(
        source="secret",
        required=False,
        help_text="Only a custom server can do without. Tencent Cloud: SecretId:SecretKey.",
    )

    class Meta:
        model = ProviderKey
        fields: tuple[str, ...] = ("provider", "api_key", "base_url", "model_name")
        extra_kwargs = FIELDS

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("secret", Secret(""))
        return attrs


class ProviderKeyCreateIn(ProviderKeyTryIn):
    """A key to be kept, encrypted."""

    is_active = serializers.BooleanField(default=True)
    verify = serializers.BooleanField(
        default=False, help_text="Ask the provider first, and keep nothing when it refuses."
    )

    class Meta(ProviderKeyTryIn.Meta):
        fields = (
            *ProviderKeyTryIn.Meta.fields,
            "name",
            "input_micros",
            "output_micros",
            "is_active",
            "verify",
        )


class ProviderKeyUpdateIn(StrictModelSerializer):
    """The provider of a key doesn't change: add another key."""

    api_key = SecretField(source="secret", required=False, help_text="Needed when `base_url` changes.")
    verify = serializers.BooleanField(
        default=False, help_text="Ask the provider first, and change nothing when it refuses."
    )

    class Meta:
        model = ProviderKey
        fields = (
            *("api_key", "base_url", "model_name", "name", "input_micros", "output_micros", "is_active"),
            "verify",
        )
        extra_kwargs = {**FIELDS, "is_active": {"required": False}}


class ProviderKeyOut(ReadModel, source_model=ProviderKey):
    """A key at a provider, without the key."""

    id = Uuid()
    provider = Choice(ProviderKey.Provider, example="deepseek")
    name = Text(example="团队的密钥 our team's")
    last_four = Text(
        help="The end of the key, to tell it from others; empty for a short one.", example="f3a9"
    )
    base_url = Text(help="Empty: the provider's own address.")
    model_name = Text(example="deepseek-flash")
    input_micros = Int(help="Micro-units per million tokens; null: the catalogue's price.")
    output_micros = Int()
    is_active = Bool(help="Whether calls are made with it, the oldest active key first.")
    verified_at = Time(help="When the provider last took it as it is now; null: never asked, or refused.")
    error_code = Text(help="Why the provider last refused it; empty: it didn't.")
    created_at = Time()
    updated_at = Time()


class VerifiedOut(serializers.Serializer[Any]):
    models = serializers.ListField(
        child=serializers.CharField(), help_text="That the key may use, by name; at most 1,000."
    )
    is_key_checked = serializers.BooleanField(
        help_text="False: the server was reached, but shows its models to everybody, so it says nothing of the key."
    )


def verified_out(found: Verified) -> dict[str, Any]:
    return {"models": list(found.models), "is_key_checked": found.is_key_checked}
