"""Shapes of provider keys. A key is read and never shown."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.domain.keys import MAX_KEY_LENGTH, is_sendable, key_stripped
from accounts.models import ProviderKey
from accounts.services.keys import Verified
from config.api.lists import Bool, Choice, Int, ReadModel, Text, Time, Uuid
from config.api.serializers import StrictSerializer
from config.crypto import MASK, Secret

PROVIDERS = tuple(ProviderKey.Provider.values)
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


class AddressField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        text = (
            "Instead of the provider's own address; checked now and at every call. A custom server needs it."
        )
        super().__init__(max_length=500, allow_blank=True, required=False, help_text=text, **options)


class ModelNameField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        text = "The model that calls with this key are for; empty: the provider's usual one."
        super().__init__(max_length=120, allow_blank=True, required=False, help_text=text, **options)


class PriceField(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        text = (
            "Micro-units (a millionth of a US dollar) per million tokens, for models that the catalogue doesn't know; "
            "0 for a server of your own."
        )
        super().__init__(
            min_value=0, max_value=MOST_MICROS, allow_null=True, required=False, help_text=text, **options
        )


class ProviderKeyTryIn(StrictSerializer):
    provider = serializers.ChoiceField(PROVIDERS)
    api_key = SecretField(source="secret", required=False, help_text="Only a custom server can do without.")
    base_url = AddressField()
    model_name = ModelNameField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("secret", Secret(""))
        return attrs


class ProviderKeyCreateIn(ProviderKeyTryIn):
    name = serializers.CharField(max_length=100, allow_blank=True, required=False, help_text="For people.")
    input_micros = PriceField()
    output_micros = PriceField()
    is_active = serializers.BooleanField(default=True)
    verify = serializers.BooleanField(
        default=False, help_text="Ask the provider first, and keep nothing when it refuses."
    )


class ProviderKeyUpdateIn(StrictSerializer):
    """The provider of a key doesn't change: add another key."""

    api_key = SecretField(source="secret", required=False, help_text="Needed when `base_url` changes.")
    base_url = AddressField()
    model_name = ModelNameField()
    name = serializers.CharField(max_length=100, allow_blank=True, required=False)
    input_micros = PriceField()
    output_micros = PriceField()
    is_active = serializers.BooleanField(required=False)
    verify = serializers.BooleanField(
        default=False, help_text="Ask the provider first, and change nothing when it refuses."
    )


class ProviderKeyOut(ReadModel, source_model=ProviderKey):
    """A key at a provider, without the key."""

    id = Uuid()
    provider = Choice(PROVIDERS)
    name = Text()
    last_four = Text(help="The end of the key, to tell it from others; empty for a short one.")
    base_url = Text(help="Empty: the provider's own address.")
    model_name = Text()
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
