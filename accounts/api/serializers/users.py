"""Shapes of accounts and sessions."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.services.sessions import TokenPair
from config.api.serializers import StrictSerializer
from config.languages import Language

PASSWORD_LENGTH = 1024


class PasswordField(serializers.CharField):
    """As typed: blanks at the ends belong to a password."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=PASSWORD_LENGTH, write_only=True, **kwargs)


class UserRegisterIn(StrictSerializer):
    username = serializers.CharField(min_length=2, max_length=150)
    email = serializers.EmailField(max_length=254)
    password = PasswordField(min_length=8)
    language = serializers.ChoiceField(Language.choices, required=False)
    invitation = serializers.CharField(
        max_length=1000, required=False, help_text="The part of an invitation's link after `token=`."
    )


class LoginNameIn(StrictSerializer):
    login = serializers.CharField(max_length=254, help_text="A username or an e-mail address.")


class PasswordResetIn(StrictSerializer):
    token = serializers.CharField(max_length=1000, help_text="The part of the link after `token=`.")
    new_password = PasswordField(min_length=8)


class EmailConfirmIn(StrictSerializer):
    token = serializers.CharField(max_length=1000, help_text="The part of the link after `token=`.")


class UserLoginIn(StrictSerializer):
    """`login` is a username or an e-mail address; `username` or `email` may be sent in its place."""

    login = serializers.CharField(max_length=254, required=False)
    username = serializers.CharField(max_length=254, required=False)
    email = serializers.CharField(max_length=254, required=False)
    password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        names = [attrs[name] for name in ("login", "username", "email") if name in attrs]
        if len(names) != 1:
            raise serializers.ValidationError(
                {"login": [self.fields["login"].error_messages["required"]]}, "required"
            )
        return {"login": names[0], "password": attrs["password"]}


class TokenRefreshIn(StrictSerializer):
    refresh = serializers.CharField(max_length=4096)


class LogoutIn(StrictSerializer):
    refresh = serializers.CharField(max_length=4096, required=False)


class PasswordChangeIn(StrictSerializer):
    current_password = PasswordField()
    new_password = PasswordField(min_length=8)


class SettingsUpdateIn(StrictSerializer):
    """The settings that change."""

    theme = serializers.ChoiceField(User.Theme.choices, required=False)
    language = serializers.ChoiceField(Language.choices, required=False)
    notifications = serializers.BooleanField(required=False)


class UserUpdateIn(SettingsUpdateIn):
    """As `GET` shows an account. The settings may also stand beside its names: the older way."""

    username = serializers.CharField(min_length=2, max_length=150, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    settings = SettingsUpdateIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        settings = attrs.pop("settings", {})
        return {**attrs, **settings}


class UserDeleteIn(StrictSerializer):
    password = PasswordField()


class SettingsOut(serializers.Serializer[Any]):
    theme = serializers.ChoiceField(User.Theme.choices)
    language = serializers.ChoiceField(Language.choices)
    notifications = serializers.BooleanField()


class UserOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(["user", "staff"])
    settings = SettingsOut()
    last_login = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    password_changed_at = serializers.DateTimeField()


class TokenPairOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds until `access` runs out.")


class SessionOut(TokenPairOut):
    user = UserOut()


class RegisteredOut(serializers.Serializer[Any]):
    """The tokens are null where the e-mail address has to be confirmed first; then log in."""

    access = serializers.CharField(allow_null=True)
    refresh = serializers.CharField(allow_null=True)
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(allow_null=True, help_text="Seconds until `access` runs out.")
    user = UserOut()


def user_out(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "settings": {"theme": user.theme, "language": user.language, "notifications": user.notifications},
        "last_login": user.last_login,
        "created_at": user.date_joined,
        "password_changed_at": user.password_changed_at,
    }


def tokens_out(tokens: TokenPair | None) -> dict[str, Any]:
    return {
        "access": tokens and tokens.access,
        "refresh": tokens and tokens.refresh,
        "token_type": "Bearer",
        "expires_in": tokens and tokens.expires_in,
    }
