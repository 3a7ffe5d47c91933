"""Users."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.domain.names import is_email
from config.db import uuid7

username_validator = RegexValidator(
    r"^[\w.+-]+\Z", _("A username has letters of any script, digits and . + - _, but no blanks and no @.")
)


class AccountManager(UserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """People type their name in any case, and often their e-mail address. Raises User.DoesNotExist."""
        login = username or ""
        folded = Lower("email" if is_email(login) else "username")
        return self.alias(folded=folded).get(folded=Lower(Value(login)))


class User(AbstractUser):
    """An account. Username and e-mail address are unique regardless of case; staff is the only role above user.

    A username has no @, so that nobody can take the e-mail address of somebody else for a name.
    `password_changed_at` follows the password by itself, whoever sets it (a service, the admin, `changepassword`).
    """

    class Theme(models.TextChoices):
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")
        SYSTEM = "system", _("as the system")

    class Language(models.TextChoices):
        EN = "en", "English"
        ZH = "zh", "中文"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(
        _("username"),
        max_length=150,
        unique=True,
        validators=[username_validator],
        help_text=_("Letters of any script, digits and . + - _, but no @."),
        error_messages={"unique": _("A user with that username already exists.")},
    )
    email = models.EmailField(_("e-mail address"), max_length=254)
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
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        # Django keeps the raw password here from set_password() until save(), but not for a mere rehash.
        if self._password is not None:  # type: ignore[attr-defined]
            self.password_changed_at = timezone.now()
            update_fields = None if update_fields is None else {*update_fields, "password_changed_at"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def role(self) -> str:
        return "staff" if self.is_staff else "user"
