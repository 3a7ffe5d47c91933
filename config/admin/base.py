"""What every page of the admin has in common: it is audited, fast on a million rows, and writes through services."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Field, Model, Q, QuerySet, TextField, URLField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from config import audit, menu
from config.admin.forms import OwnedForm, TextAreaField
from config.errors import AppError

#: Rows of another table that a search takes on; who means a certain one types more of its name.
RELATED_SEARCHED = 1000


class CappedPaginator(Paginator):
    """Counts up to 10,001 rows: on a table of millions an exact count costs more than the page."""

    LIMIT = 10_001

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self.LIMIT].count())


class Fields:
    """For pages and inlines: forms read what browsers send as it is meant."""

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        if isinstance(db_field, TextField):
            kwargs["form_class"] = TextAreaField
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]


class Inline(Fields, TabularInline):
    """Rows on the page of the row that they belong to."""


class Audited(Fields):
    """For every ModelAdmin: what staff add, change and delete is written to the audit, in the transaction of it; what
    a service refuses is told as a message, and nothing is written.

    Django's own log (`LogEntry`) isn't written. Its rows can be changed, go with the user whom they name, and hold no
    values: beside the audit they would only be a second and worse truth. A row's history is its part of the audit.
    """

    @display(description=_("id"))
    def row_id(self, row: Any) -> Any:
        """The key, under a name in both languages: Django's own has one in none but English."""
        return row.pk

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return audit.differences(form, formsets)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        audit.record(request.user, "add", obj, changes=message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing is written of a form that was saved without a change."""
        if message:
            audit.record(request.user, "change", obj, changes=message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        audit.record_all(request.user, "delete", queryset)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse(audit.page())}?{urlencode({'q': object_id})}")

    def get_actions(self, request: HttpRequest) -> Any:
        """Django deletes selected rows outside of a transaction; here they and their entries go together."""
        actions = super().get_actions(request)  # type: ignore[misc]
        if "delete_selected" in actions:
            delete, *rest = actions["delete_selected"]
            actions["delete_selected"] = (transaction.atomic(delete), *rest)
        return actions

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A form that was saved without a change writes nothing, not even a date."""
        if form.changed_data or not change:
            super().save_model(request, obj, form, change)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """As each of them is deleted on its own page."""
        for row in list(queryset):
            self.delete_model(request, row)  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Under the title that the page has in the menu, with the actions that some row of it allows."""
        context = {"title": menu.title_of(self.model), **(extra_context or {})}  # type: ignore[attr-defined]
        answer = or_message(request, super().changelist_view, context)  # type: ignore[misc]
        shown = getattr(answer, "context_data", None) or {}
        if shown.get("action_form") is not None:
            action = shown["action_form"].fields["action"]
            allowed = [self.allowed_to(row) for row in shown["cl"].result_list]
            action.choices = [
                choice for choice in action.choices if not choice[0] or _is_allowed(choice[0], allowed)
            ]
            if len(action.choices) == 1:
                shown["action_form"] = None
        return answer

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> Any:
        """The actions on a row's own page that its state allows."""
        offered = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        row = self.get_object(request, object_id) if offered else None  # type: ignore[attr-defined]
        own = f"{self.opts.app_label}_{self.opts.model_name}_"  # type: ignore[attr-defined]
        return [
            one
            for one in offered
            if row and _is_allowed(one.action_name.removeprefix(own), [self.allowed_to(row)])
        ]

    def allowed_to(self, row: Any) -> Collection[str] | None:
        """What may be done to a row in its state: names of actions, without `_all` and `_one`; None: all of them."""
        return None

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return or_message(request, super().changeform_view, *args, **kwargs)  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return or_message(request, super().delete_view, *args, **kwargs)  # type: ignore[misc]


class BaseAdmin(Audited, ModelAdmin):
    """Fast on a million rows: no facets, no exact counts, newest first by primary key (UUIDv7 is ordered by time),
    and no search across a join."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    list_fullwidth = True
    ordering: Any = ("-pk",)
    #: Key columns that are compared when somebody searches for a UUID; other terms go to `search_fields`.
    search_keys: tuple[str, ...] = ("pk",)
    #: Foreign keys → how their rows are searched. It takes two steps: a search across the join reads both tables.
    search_related: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    #: Models whose rows go with one of this page, and which nobody deletes on their own.
    goes_along: tuple[type[Model], ...] = ()
    #: Owners are searched wherever `owner_id` is a search key.
    OWNER: tuple[str, ...] = ("username__istartswith", "email__istartswith")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Who may delete a row may delete what only exists with it."""
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        along = {model._meta.verbose_name for model in self.goes_along}
        return listed, counts, perms_needed - along, protected

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Without any, the page has no box to search in."""
        return self.search_fields or self.search_keys

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        key = as_uuid(term)
        if key is not None and self.search_keys:
            return queryset.filter(_any(dict.fromkeys(self.search_keys, key))), False
        found = queryset.filter(self.condition_of(term))
        if self.search_fields:
            own, _duplicates = super().get_search_results(request, queryset, search_term)
            found |= own
        return found, False

    def condition_of(self, term: str) -> Q:
        """What a term that is no key finds besides `search_fields`."""
        related = dict(self.search_related)
        if "owner_id" in self.search_keys:
            related.setdefault("owner", self.OWNER)
        wanted = Q(pk__in=())
        for name, lookups in related.items():
            rows = self.model._meta.get_field(name).related_model._default_manager  # type: ignore[union-attr]
            keys = rows.filter(_any(dict.fromkeys(lookups, term))).values_list("pk", flat=True)
            wanted |= Q(**{f"{name}__in": list(keys[:RELATED_SEARCHED])})
        return wanted


class ReadOnlyAdmin(BaseAdmin):
    """Rows that only the program writes. Actions that call a service have `permissions=["steer"]`."""

    def has_steer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change such rows elsewhere may have something done to them here."""
        return super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ServiceAdmin(BaseAdmin):
    """Rows that are written by services: subclasses say how one is created, changed and deleted."""

    form: Any = OwnedForm
    #: Fields that are given once, when the row is made.
    given_once: tuple[str, ...] = ("owner",)
    #: Makes the row of what was typed: the form's fields by name.
    create: Callable[..., Model]
    #: Changes the row, which is as the database has it, in the fields that were typed anew.
    change: Callable[..., Any]
    remove: Callable[..., Any]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if obj is None else (*self.given_once, *fields)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Django's form has put everything into `obj` already: a service would see no difference to it."""
        if not change:
            obj.pk = self.create(**form.cleaned_data).pk
            obj._state.adding = False
        elif form.changed_data:
            row = self.model._default_manager.get(pk=obj.pk)
            self.change(row, **{name: form.cleaned_data[name] for name in form.changed_data})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(obj)


def or_message(
    request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
) -> HttpResponse:
    """A view's answer; what a service refused is told as a message on the row's or the list's page."""
    try:
        return view(request, *args, **kwargs)
    except AppError as exc:
        messages.error(request, exc.message(get_language() or "en"))
    except ValidationError as exc:
        messages.error(request, " ".join(exc.messages))
    return HttpResponseRedirect(request.path.removesuffix("delete/"))


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def _is_allowed(name: str, allowed: Iterable[Collection[str] | None]) -> bool:
    """Whether some row allows the action."""
    short = name.replace("_one", "").replace("_all", "")
    return any(names is None or short in names for names in allowed)


def _any(lookups: Mapping[str, Any]) -> Q:
    return Q(*lookups.items(), _connector=Q.OR)
