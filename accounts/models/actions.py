"""What an account can do, in the words of its activity log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.registry import Registry

#: What any app's accounts can do, and to what. The names are part of the API: add some, never rename one.
ACTIONS: Registry[str | Promise] = Registry("activity")
OBJECT_TYPES: Registry[str | Promise] = Registry("type of object")


@dataclass(frozen=True, slots=True)
class Detail:
    """How staff read what activities tell by one name: what it is called, what each of its values is, and the model
    that its ids belong to. Fields of the row that something was done to need none: their model says it."""

    word: str | Promise
    values: Mapping[Any, Any] = field(default_factory=dict)
    links_to: str = ""


DETAILS: Registry[Detail] = Registry("detail of activities")


def register(
    actions: type[TextChoices],
    object_types: type[TextChoices],
    details: Mapping[str, Detail] = MappingProxyType({}),
) -> None:
    """Let activities be recorded, filtered and counted by these names. Called by every app in `AppConfig.ready`."""
    for known, added in ((ACTIONS, actions), (OBJECT_TYPES, object_types)):
        for name, label in added.choices:
            known.register(name, label)
    for name, detail in details.items():
        DETAILS.register(name, detail)


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


#: What all apps tell by the same names stands here, too.
COMMON_DETAILS = {
    "created": Detail(pgettext_lazy("number", "created")),
    "updated": Detail(pgettext_lazy("number", "changed")),
    "unchanged": Detail(pgettext_lazy("number", "unchanged")),
    "deleted": Detail(pgettext_lazy("number", "deleted")),
    "cancelled": Detail(pgettext_lazy("number", "cancelled")),
    "succeeded": Detail(pgettext_lazy("number", "succeeded")),
    "total": Detail(_("all together")),
    "fields": Detail(_("fields")),
    "is_test": Detail(_("test")),
    "is_invited": Detail(_("by invitation")),
    "with_access_tokens": Detail(_("with its access tokens")),
    "replaced": Detail(_("key replaced")),
    "result": Detail(_("result")),
    "action": Detail(_("action"), values=ACTIONS),
    "object_type": Detail(_("object type"), values=OBJECT_TYPES),
    "from": Detail(pgettext_lazy("range", "from")),
    "before": Detail(pgettext_lazy("range", "before")),
    "format": Detail(_("format")),
}
