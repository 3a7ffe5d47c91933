"""Actions of the admin: a result for each row, and a dialog before what one click shouldn't do."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language, gettext, ngettext
from unfold.dataclasses import ActionDialog

from config import audit
from config.admin.cells import list_of, page_of
from config.errors import AppError

#: Rows that one action takes on, and failures that it names one by one.
ACTION_ROWS = 500
FAILURES_NAMED = 10


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


def is_confirmed(request: HttpRequest) -> bool:
    """Whether an action of a list comes from the page that `ask_first` answers."""
    return "confirmed" in request.POST


def ask_first(
    page: ModelAdmin,
    request: HttpRequest,
    *,
    title: Any,
    text: Any,
    submit: Any,
    template: str = "admin/ask_first.html",
    **context: Any,
) -> TemplateResponse:
    """A page before an action on rows of a list by which money moves: it sends the same choice once more, confirmed."""
    return TemplateResponse(
        request,
        template,
        {
            **page.admin_site.each_context(request),
            "title": title,
            "text": text,
            "submit": submit,
            "action": request.POST.get("action"),
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "opts": page.opts,
            "back": list_of(page.model),
            **context,
        },
    )


def reload_page(model: type[Model], object_id: str) -> HttpResponse:
    """The answer to such a dialog, which htmx has sent: have the browser load the row's page anew."""
    return HttpResponse(headers={"HX-Redirect": page_of(model, object_id)})
