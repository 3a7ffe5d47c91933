"""Users."""

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from config.db import uuid7


class AccountManager(UserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """People type their name in any case, and often their e-mail address."""
        name = username or ""
        return self.get(models.Q(username__iexact=name) | models.Q(email__iexact=name))


class User(AbstractUser):
    """An account. Username and e-mail address are unique regardless of case; staff is the only role above user."""

    class Theme(models.TextChoices):
        LIGHT = "light"
        DARK = "dark"
        SYSTEM = "system"

    class Language(models.TextChoices):
        EN = "en", "English"
        ZH = "zh", "中文"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254)
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM)
    language = models.CharField(max_length=5, choices=Language, default=Language.EN)
    notifications = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(
        default=timezone.now, help_text="A token that is older than this is refused."
    )

    objects = AccountManager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def role(self) -> str:
        return "staff" if self.is_staff else "user"
