"""What an account can do, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.registry import Registry

#: What any app's accounts can do, and to what. The names are part of the API: add some, never rename one.
ACTIONS: Registry[str | Promise] = Registry("activity")
OBJECT_TYPES: Registry[str | Promise] = Registry("type of object")


def register(actions: type[TextChoices], object_types: type[TextChoices]) -> None:
    """Let activities be recorded, filtered and counted by these names. Called by every app in `AppConfig.ready`."""
    for known, added in ((ACTIONS, actions), (OBJECT_TYPES, object_types)):
        for name, label in added.choices:
            known.register(name, label)


class Action(TextChoices):
    REGISTER = "register", _("Registered")
    LOGIN = "login", _("Logged in")
    LOGOUT = "logout", _("Logged out")
    LOGOUT_EVERYWHERE = "logout_everywhere", _("Logged out everywhere")
    END_SESSION = "end_session", _("Ended a session")
    CONFIRM_EMAIL = "confirm_email", _("Confirmed the e-mail address")
    RESET_PASSWORD = "reset_password", _("Set a new password by a link")
    CHANGE_PASSWORD = "change_password", _("Changed the password")
    UPDATE_ACCOUNT = "update_account", _("Changed the account")
    CLEAR_ACTIVITIES = "clear_activities", _("Cleared activities")

    CREATE_ACCESS_TOKEN = "create_access_token", _("Created an access token")
    DELETE_ACCESS_TOKEN = "delete_access_token", _("Deleted an access token")
    CREATE_API_KEY = "create_api_key", _("Added a provider key")
    UPDATE_API_KEY = "update_api_key", _("Changed a provider key")
    DELETE_API_KEY = "delete_api_key", _("Deleted a provider key")
    VERIFY_API_KEY = "verify_api_key", _("Verified a provider key")


class ObjectType(TextChoices):
    """What an activity was done to. Empty where it was done to nothing in particular."""

    USER = "user", _("user")
    SESSION = "session", _("session")
    ACTIVITY = "activity", _("activity")
    ACCESS_TOKEN = "access_token", _("access token")
    API_KEY = "api_key", _("provider key")
