"""What every page of the back office has in common: bounded counts, search by key, actions with a result per row."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import ActionDialog
from unfold.widgets import UnfoldAdminTextInputWidget

from config import audit
from config.db import uuid7_floor
from config.errors import AppError, describe

#: Rows that one action takes on, and failures that it names one by one.
ACTION_ROWS = 500
FAILURES_NAMED = 10


class CappedPaginator(Paginator):
    """Counts up to 10,001 rows: on a table of millions an exact count costs more than the page."""

    LIMIT = 10_001

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self.LIMIT].count())


class Audited:
    """For every ModelAdmin: what staff add, change and delete is written to the audit, in the transaction of it.

    Django's own log (`LogEntry`) isn't written. Its rows can be changed, go with the user whom they name, and hold no
    values: beside the audit they would only be a second and worse truth. A row's history is its part of the audit.
    """

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
        address = reverse("admin:accounts_auditentry_changelist")
        return HttpResponseRedirect(f"{address}?{urlencode({'q': object_id})}")

    def get_actions(self, request: HttpRequest) -> Any:
        """Django deletes selected rows outside of a transaction; here they and their entries go together."""
        actions = super().get_actions(request)  # type: ignore[misc]
        if "delete_selected" in actions:
            delete, *rest = actions["delete_selected"]
            actions["delete_selected"] = (transaction.atomic(delete), *rest)
        return actions


class BackOfficeAdmin(Audited, ModelAdmin):
    """Fast on a million rows: no facets, no exact counts, newest first by primary key (UUIDv7 is ordered by time)."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    list_fullwidth = True
    ordering: Any = ("-pk",)
    #: Key columns that are compared when somebody searches for a UUID; other terms go to `search_fields`.
    search_keys: tuple[str, ...] = ("pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        key = as_uuid(search_term)
        if key is None or not self.search_keys:
            return super().get_search_results(request, queryset, search_term)
        wanted = Q()
        for name in self.search_keys:
            wanted |= Q(**{name: key})
        return queryset.filter(wanted), False


class ReadOnlyAdmin(BackOfficeAdmin):
    """Rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AgeFilter(admin.SimpleListFilter):
    """How old a row is, by its key: UUIDv7 holds the time, and every table has an index of it."""

    title = _("age")
    parameter_name = "age"
    DAYS = ("1", "7", "30", "365")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (days, ngettext("%(n)d day", "%(n)d days", int(days)) % {"n": int(days)}) for days in self.DAYS
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in self.DAYS:
            return queryset
        return queryset.filter(pk__gte=uuid7_floor(timezone.now() - timedelta(days=int(self.value() or 1))))


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def run_each(
    request: HttpRequest, rows: Iterable[Model], work: Callable[[Any], Any], *, done: Callable[[int], str]
) -> None:
    """Do `work` to each row, at most `ACTION_ROWS`, and tell what became of them: failures by name.

    `done` makes the sentence for a number of rows; an AppError, or False as an answer, counts as a failure. Each row
    has a transaction, in which what was done is also written to the audit, with a mapping as an answer for its changes.
    """
    rows = list(rows[: ACTION_ROWS + 1] if isinstance(rows, QuerySet) else rows)
    failures: list[str] = []
    succeeded = 0
    for row in rows[:ACTION_ROWS]:
        try:
            is_done = _do_one(request, row, work)
            reason = gettext("It was changed in the meantime.")
        except AppError as exc:
            is_done, reason = False, exc.message(get_language() or "en")
        if is_done:
            succeeded += 1
        else:
            failures.append(f"{row}: {reason}")
    if succeeded:
        messages.success(request, done(succeeded))
    for failure in failures[:FAILURES_NAMED]:
        messages.error(request, failure)
    if len(failures) > FAILURES_NAMED:
        more = len(failures) - FAILURES_NAMED
        messages.error(request, ngettext("And %(more)d more.", "And %(more)d more.", more) % {"more": more})
    if len(rows) > ACTION_ROWS:
        limit = {"limit": ACTION_ROWS}
        messages.warning(
            request, gettext("Only the first %(limit)d were taken; repeat it for the rest.") % limit
        )


def _do_one(request: HttpRequest, row: Model, work: Callable[[Any], Any]) -> bool:
    entry = audit.named(row)
    with transaction.atomic():
        answer = work(row)
        if answer is False:
            return False
        changes = answer if isinstance(answer, Mapping) else None
        audit.record_named(request.user, action_name(request, row), entry, changes=changes)
    return True


def action_name(request: HttpRequest, row: Model) -> str:
    """What the admin calls the action that is being done: from the list's form, or the address of a row's own."""
    match = request.resolver_match
    own = f"{row._meta.app_label}_{row._meta.model_name}_"
    address = (match.url_name or "") if match else ""
    return request.POST.get("action") or address.removeprefix(own)


def confirm(title: Any, description: Any, submit: Any) -> ActionDialog:
    """A dialog before an action on a row's own page: a link alone would act on GET, past the CSRF check."""
    return {"title": title, "description": description, "form_class": None, "form_submit_text": submit}


def reload_page(model: type[Model], object_id: str) -> HttpResponse:
    """The answer to such a dialog, which htmx has sent: have the browser load the row's page anew."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[object_id])
    return HttpResponse(headers={"HX-Redirect": address})


class AmountInput(UnfoldAdminTextInputWidget):
    """A field of text for an amount. Browsers send nothing in place of what a field of numbers can't read, and nothing
    means something else than a mistyped amount: no limit, or all that was set aside."""

    def __init__(self) -> None:
        super().__init__(attrs={"inputmode": "decimal", "autocomplete": "off"})


def error_text(code: str) -> str:
    """A code with its sentence, but for those whose sentence needs what nobody kept."""
    sentence = describe(code, get_language() or "en")
    return (code if "{" in sentence else f"{code}: {sentence}") if code else "-"


def badge(text: Any, colour: str = "") -> SafeString:
    """A small coloured label; `colour` is one of unfold's (info, primary, success, warning, danger)."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def unbroken(text: Any) -> SafeString:
    """A cell of a list that stays on one line: keys, amounts, versions."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def link_to(row: Model | None, text: str = "") -> SafeString | str:
    """A link to the row's page in the admin."""
    if row is None:
        return "-"
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, text or str(row)
    )
