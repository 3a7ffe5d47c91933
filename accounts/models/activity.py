"""Who did what: users' own activity, which they may clear, and the audit of staff, which nobody may."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import ACTIONS
from config.db import OwnedQuerySet, uuid7


class Activity(models.Model):
    """One thing that an account did. `action` is a name of `accounts.models.actions`; `object_type` and `object_id`
    say to what, `ip_address` and `user_agent` from where. `details` are few and hold no secret and no content."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="activities"
    )
    action = models.CharField(_("action"), max_length=40)
    object_type = models.CharField(_("object type"), max_length=40, blank=True)
    object_id = models.CharField(_("object id"), max_length=64, blank=True)
    details = models.JSONField(_("details"), default=dict)
    ip_address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("program"), max_length=400, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="activity_owner_newest")]

    def __str__(self) -> str:
        return str(ACTIONS.get(self.action, self.action))


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete what is only ever added to."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Adds and reads. `_raw_delete` and `_update` are what Django itself deletes and saves by."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("The audit can't be changed.")

    def _update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("The audit can't be changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("The audit can't be changed.")

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts") or len(args) > 2:
            raise AppendOnlyError("The audit can't be changed.")
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> NoReturn:
        raise AppendOnlyError("The audit can't be cleared.")

    def _raw_delete(self, using: Any) -> NoReturn:
        raise AppendOnlyError("The audit can't be cleared.")


class AuditEntry(models.Model):
    """One thing that staff did, in the admin or by the API. Rows are added and never changed or deleted.

    The actor is written down by id and name instead of by a key, so that the entry outlives the account.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    actor_id = models.UUIDField(_("actor's id"))
    actor_name = models.CharField(_("actor"), max_length=150)
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("object type"), max_length=80, blank=True)
    object_id = models.CharField(_("object id"), max_length=64, blank=True)
    object_name = models.CharField(_("object"), max_length=200, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    ip_address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["actor_id", "-id"], name="audit_actor_newest"),
            models.Index(fields=["action", "-id"], name="audit_action_newest"),
            models.Index(fields=["object_type", "-id"], name="audit_type_newest"),
            models.Index(fields=["object_id", "-id"], name="audit_object_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} · {self.object_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding or kwargs.get("force_update") or args:
            raise AppendOnlyError("The audit can't be changed.")
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("The audit can't be cleared.")
