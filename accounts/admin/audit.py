"""The audit of staff in the back office: everybody who may see it can, nobody can change it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.activity import as_lines
from accounts.models import AuditEntry, User
from config.admin_site import AgeFilter, ReadOnlyAdmin

#: What entries are called that come from no action of the back office.
OTHER_ACTIONS = ("add", "change", "delete", "clear_queue")
#: Members of staff that the filter offers.
ACTORS_OFFERED = 50
FIELDS_NAMED = 4


class ActorFilter(admin.SimpleListFilter):
    """Who is on the staff now; whoever no longer is, is found by the id that their entries show."""

    title = _("actor")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        staff = User.objects.filter(is_staff=True).order_by("username").values_list("pk", "username")
        return [(str(pk), name) for pk, name in staff[:ACTORS_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        known = {key for key, _name in self.lookup_choices}
        wanted = self.value() or ""
        return queryset.filter(actor_id=wanted) if wanted in known else queryset


class AuditedActionFilter(admin.SimpleListFilter):
    """From the registry: looking for the actions that occur would read the whole table."""

    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = set(OTHER_ACTIONS)
        for one in admin.site._registry.values():
            names |= {name for name in (*(one.actions or ()), *one.actions_detail) if isinstance(name, str)}  # type: ignore[attr-defined]
        return [(name, name) for name in sorted(names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class AuditedTypeFilter(admin.SimpleListFilter):
    title = _("object type")
    parameter_name = "object_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted((model._meta.label_lower, model._meta.verbose_name) for model in admin.site._registry)

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """`ReadOnlyAdmin` refuses everybody to add, change and delete, superusers too; without the permission to delete
    there is no action for it either."""

    list_display = (
        "created",
        "actor_name",
        "action",
        "object_type",
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
        (None, {"fields": ("created_at", ("actor_name", "actor_id"), "action")}),
        (_("Object"), {"fields": (("object_type", "object_id"), "object_name", "changes_text")}),
        (_("Where from"), {"fields": ("ip_address", "request_id")}),
    )

    @display(description=_("created"), ordering="pk")
    def created(self, entry: AuditEntry) -> Any:
        return entry.created_at

    @display(description=_("changes"))
    def fields_changed(self, entry: AuditEntry) -> SafeString:
        names = list(entry.changes)
        shown = names[:FIELDS_NAMED] + (["…"] if len(names) > FIELDS_NAMED else [])
        return format_html_join(", ", "{}", ((name,) for name in shown))

    @display(description=_("changes"))
    def changes_text(self, entry: AuditEntry) -> SafeString | str:
        return as_lines(entry.changes)
