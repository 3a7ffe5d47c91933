"""The audit of staff in the admin: everybody who may see it can, nobody can change it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.words import detail_words
from accounts.models import AuditEntry, User
from config.admin.base import ReadOnlyAdmin
from config.admin.filters import AgeFilter, WordsFilter
from config.admin.words import changed, model_called

#: What entries are called that come from no action of the admin.
OTHER_ACTIONS = {
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
    "clear_queue": _("clear the queue"),
}
#: Members of staff that the filter offers.
ACTORS_OFFERED = 50
FIELDS_NAMED = 4


class ActorFilter(WordsFilter):
    """Who is on the staff now; whoever no longer is, is found by the id that their entries show."""

    title = _("actor")
    parameter_name = "actor"
    column = "actor_id"

    def words(self) -> Iterable[tuple[str, Any]]:
        staff = User.objects.filter(is_staff=True).order_by("username").values_list("pk", "username")
        return [(str(pk), name) for pk, name in staff[:ACTORS_OFFERED]]


class AuditedActionFilter(WordsFilter):
    """From the registry: looking for the actions that occur would read the whole table."""

    title = _("action")
    parameter_name = "action"

    def words(self) -> Iterable[tuple[str, Any]]:
        return sorted(action_words().items())


def action_words() -> dict[str, Any]:
    """What staff can do, by the name that entries keep: in the words of the buttons."""
    words: dict[str, Any] = dict(OTHER_ACTIONS)
    for one in admin.site._registry.values():
        for name in (*(one.actions or ()), *one.actions_detail, *one.actions_list):  # type: ignore[attr-defined]
            method = getattr(one, name, None) if isinstance(name, str) else None
            if method is not None:
                words.setdefault(name, getattr(method, "short_description", name))
    return words


def changes_of(entry: AuditEntry) -> list[tuple[Any, Any]]:
    """The fields that were changed, and how, in words."""
    return list(changed(model_called(entry.object_type), entry.changes, detail_words()))


class AuditedTypeFilter(WordsFilter):
    title = _("object type")
    parameter_name = "object_type"

    def words(self) -> Iterable[tuple[str, Any]]:
        return sorted((model._meta.label_lower, model._meta.verbose_name) for model in admin.site._registry)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """`ReadOnlyAdmin` refuses everybody to add, change and delete, superusers too; without the permission to delete
    there is no action for it either."""

    list_display = (
        "created",
        "actor_name",
        "done",
        "done_to",
        "object_name",
        "fields_changed",
        "ip_address",
    )
    list_display_links = ("created",)
    list_filter = (AgeFilter, ActorFilter, AuditedActionFilter, AuditedTypeFilter)
    search_keys = ("pk", "actor_id", "object_id")
    search_fields = ("object_id__exact",)
    search_help_text = _("The id of an entry, of an object or of who did it")
    sortable_by = ("created",)
    fieldsets = (
        (None, {"fields": ("created_at", ("actor_name", "actor_id"), "done")}),
        (_("Object"), {"fields": (("done_to", "object_id"), "object_name", "changes_text")}),
        (_("Where from"), {"fields": ("ip_address", "request_id")}),
    )

    @display(description=_("created"), ordering="pk")
    def created(self, entry: AuditEntry) -> Any:
        return entry.created_at

    @display(description=_("action"))
    def done(self, entry: AuditEntry) -> Any:
        return action_words().get(entry.action, entry.action)

    @display(description=_("object type"))
    def done_to(self, entry: AuditEntry) -> Any:
        model = model_called(entry.object_type)
        return model._meta.verbose_name if model else entry.object_type or "-"

    @display(description=_("changes"))
    def fields_changed(self, entry: AuditEntry) -> SafeString:
        named = [word for word, _value in changes_of(entry)]
        shown = named[:FIELDS_NAMED] + (["…"] if len(named) > FIELDS_NAMED else [])
        return format_html_join(", ", "{}", ((word,) for word in shown))

    @display(description=_("changes"))
    def changes_text(self, entry: AuditEntry) -> SafeString | str:
        """Each field with what it was and what it became."""
        return format_html_join("", '<div>{}: <b class="break-words">{}</b></div>', changes_of(entry)) or "-"
