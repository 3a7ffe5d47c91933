"""Shapes of access tokens."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import AccessToken
from config.api.lists.fields import Bool, Json, Text, Time, Uuid
from config.api.lists.plain import plain_serializer
from config.api.lists.read_models import ReadModel
from config.api.scopes import SCOPES
from config.api.serializers import BoundedListField, StrictSerializer

LONGEST_DAYS = 3650


class ScopesField(BoundedListField):
    child = serializers.ChoiceField(tuple(SCOPES))


class AccessTokenCreateIn(StrictSerializer):
    """`expires_in_days` may be sent in the place of `expires_at`; without both the token doesn't run out."""

    default_error_messages = {"two_expiries": _("Send expires_at or expires_in_days, not both.")}

    name = serializers.CharField(
        max_length=AccessToken._meta.get_field("name").max_length, help_text="For people: what uses it."
    )
    scopes = ScopesField(allow_empty=False)
    is_test = serializers.BooleanField(default=False, help_text="Its AI calls all go to the sandbox.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    expires_in_days = serializers.IntegerField(required=False, min_value=1, max_value=LONGEST_DAYS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "expires_in_days" in attrs:
            days = timedelta(days=attrs.pop("expires_in_days"))
            if attrs.get("expires_at") is not None:
                message = self.error_messages["two_expiries"]
                raise serializers.ValidationError({"expires_in_days": [message]}, "two_expiries")
            attrs["expires_at"] = timezone.now() + days
        return attrs


class AccessTokenOut(ReadModel, source_model=AccessToken):
    """A machine's way in, without the token itself."""

    id = Uuid()
    name = Text(example="夜间批处理 nightly batch")
    is_test = Bool(help="Whether its AI calls all go to the sandbox.")
    last_four = Text(help="The end of the token, to tell it from others.", example="7Qz1")
    scopes = Json(shape=ScopesField, example=["jobs:read", "templates:write"])
    session_id = Uuid(help="The session that it was made in. Null: in none that is still kept.")
    expires_at = Time(help="Null: when it is deleted.", example="2026-05-01T00:00:00.000000Z")
    last_used_at = Time(help="To the minute. Null: never.")
    created_at = Time()


class AccessTokenCreatedOut(plain_serializer(AccessTokenOut)):  # type: ignore[misc]
    token = serializers.CharField(help_text="Shown this once. Keep it like a password.")


def access_token_created_out(row: AccessToken, plain: str) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "is_test": row.is_test,
        "last_four": row.last_four,
        "scopes": row.scopes,
        "session_id": row.session_id,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "created_at": row.created_at,
        "token": plain,
    }
