"""Shapes of log-in sessions."""

from django.db.models import F
from rest_framework import serializers

from accounts.api.serializers.activities import HostText
from accounts.models import LoginSession
from config.api.lists.fields import Bool, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer


class LoginSessionOut(ReadModel, source_model=LoginSession):
    id = Uuid()
    is_current = Bool(expression=F("is_current"), help="Whether this request was made in it.")
    ip_address = Text(
        expression=HostText(F("ip_address")), null=True, help="Where it began. Null: not known."
    )
    user_agent = Text(help="The program that began it.")
    created_at = Time()
    last_used_at = Time(help="When it last got tokens.")
    expires_at = Time(help="Unless it goes on before.")
    ended_at = Time(help="Null: it hasn't been ended.")


class SessionEndIn(StrictSerializer):
    with_access_tokens = serializers.BooleanField(
        default=False, help_text="Also delete the access tokens that were made in it."
    )


class LogoutEverywhereIn(StrictSerializer):
    with_access_tokens = serializers.BooleanField(
        default=False, help_text="Also delete every access token of the account."
    )
