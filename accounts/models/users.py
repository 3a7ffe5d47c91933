"""Users."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.domain.names import folded, folded_email, is_email
from accounts.domain.scripts import is_highly_restricted
from config.db import uuid7
from config.languages import Language

username_validator = RegexValidator(
    r"^[\w.+-]+\Z", _("A username has letters of any script, digits and . + - _, but no blanks and no @.")
)
#: A letter may be three when case is folded, such as ΐ.
FOLDED = 3


def validate_scripts(name: str) -> None:
    """Refuse what people can't tell from another name, or can't see."""
    if not is_highly_restricted(name):
        raise ValidationError(
            _(
                "A username is written in one script, or in Chinese, Japanese or Korean beside Latin letters, without "
                "invisible and uncommon characters."
            ),
            code="mixed_scripts",
        )


class AccountManager(UserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """People type their name in any case, and often their e-mail address. Raises User.DoesNotExist."""
        login = username or ""
        if is_email(login):
            return self.get(email_folded=folded_email(login))
        return self.get(username_folded=folded(login))


class User(AbstractUser):
    """An account. Username and e-mail address are unique regardless of case, in every script: each has a column by
    which it is compared and found. Staff is the only role above user.

    A username has no @, so that nobody can take the e-mail address of somebody else for a name.
    `password_changed_at` follows the password by itself, whoever sets it (a service, the admin, `changepassword`).
    """

    class Theme(models.TextChoices):
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")
        SYSTEM = "system", _("as the system")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(
        _("username"),
        max_length=150,
        unique=True,
        validators=[username_validator, validate_scripts],
        help_text=_("Letters of any script, digits and . + - _, but no @."),
        error_messages={"unique": _("A user with that username already exists.")},
    )
    username_folded = models.CharField(max_length=150 * FOLDED, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    email_folded = models.CharField(max_length=254 * FOLDED, unique=True, editable=False)
    is_email_confirmed = models.BooleanField(
        _("e-mail address confirmed"), default=True, help_text=_("An account without it can't log in.")
    )
    theme = models.CharField(_("theme"), max_length=10, choices=Theme, default=Theme.SYSTEM)
    language = models.CharField(_("language"), max_length=5, choices=Language, default=Language.EN)
    notifications = models.BooleanField(_("notifications"), default=True)
    password_changed_at = models.DateTimeField(
        _("password changed at"),
        default=timezone.now,
        help_text=_("A token that is older than this is refused."),
    )

    objects = AccountManager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(username__contains="@"), name="user_username_without_at"
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        # Django keeps the raw password here from set_password() until save(), but not for a mere rehash.
        if self._password is not None:  # type: ignore[attr-defined]
            self.password_changed_at = timezone.now()
            update_fields = None if update_fields is None else {*update_fields, "password_changed_at"}
        self.username_folded, self.email_folded = folded(self.username), folded_email(self.email)
        if update_fields is not None:
            update_fields = {*update_fields}
            update_fields |= {f"{name}_folded" for name in update_fields & {"username", "email"}}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def role(self) -> str:
        return "staff" if self.is_staff else "user"
