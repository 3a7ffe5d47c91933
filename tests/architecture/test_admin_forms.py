"""Whoever edits a row in the admin has what the service does: one field changed is one field written down."""

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Activity, AuditEntry, User
from prompts.services.prompts import prompt_update
from templates.models import Category
from templates.services.sources import content_template_update, project_update
from tests.support.forms import fields_of
from tests.support.rows import make_rows

LINES = "第一行\n\nsecond line {{project_name}}  \n"
#: What is sent for fields whose values follow rules.
VALUES: dict[str, dict[str, Any]] = {
    "generation.CatalogueModel": {
        "ends_at": {"ends_at_0": "2099-01-01", "ends_at_1": "00:00:00"},
        "successor": {"successor": "next"},
    },
    "prompts.PromptCase": {"assertions": {"assertions": '[{"type": "length", "max": 9}]'}},
    "prompts.Tag": {"color": {"color": "#1f77b4"}},
}
#: Activities that rows leave when their owner changes them; staff's doing to others stands in the audit alone.
ACTIVITIES = {
    "templates.Project": "update_project",
    "templates.ContentTemplate": "update_template",
    "prompts.Prompt": "update_prompt",
    "prompts.Tag": "update_tag",
}
#: Those whose activities name no fields.
TELL_NO_FIELDS = {
    "conversations.ConversationSettings",
    "templates.Document",  # a version of its text
}
#: Columns that follow from others, and fields whose column has another name.
DERIVED = {
    "reads_both_languages",
    "username_folded",
    "email_folded",
    "key",
    "version",
    "touched_at",
    "changed_at",
    "search_text",
}
COLUMNS = {
    "limit": "limit_micros",
    "is_unlimited": "limit_micros",
    "templates.Document.content": "latest",
}
#: What else a change of a row writes.
ALONG = {"templates.Document": {"characters", "latest", "provider", "title"}}
REFRESHED: dict[str, Any] = {
    "prompts.Prompt": lambda row: prompt_update(prompt=row, variables=[]),
    "templates.Project": lambda row: project_update(project=row),
    "templates.ContentTemplate": lambda row: content_template_update(template=row),
}


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@example.com"))
    return client


def editable() -> list[Any]:
    """Pages on which the one who may do everything can change rows."""
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    found = [one for one in admin.site._registry.values() if one.has_change_permission(request)]
    return sorted(found, key=label)


def label(one: Any) -> str:
    return str(one.model._meta.label)


def owned(one: Any) -> models.Model:
    """A row with texts of several lines; where it may belong to somebody, it does to who edits it."""
    row = make_rows(one.model, 1)
    texts: dict[str, Any] = {
        f.name: LINES for f in row._meta.concrete_fields if isinstance(f, models.TextField)
    }
    if label(one) in ACTIVITIES:
        texts["owner"] = User.objects.get(username="boss")
    if texts:
        one.model.objects.filter(pk=row.pk).update(**texts)
    if label(one) == "generation.CatalogueModel":
        one.model.objects.filter(pk=row.pk).update(ends_at=None)
        one.model.objects.create(provider="deepseek", name="next")
    if label(one) == "accounts.User":
        Group.objects.create(pk=1, name="readers")
    row.refresh_from_db()
    if label(one) in REFRESHED:
        REFRESHED[label(one)](row)  # as rows are that a service has made
    return row  # type: ignore[no-any-return]


def address(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def sent_by(browser: Client, row: models.Model) -> dict[str, Any]:
    return fields_of(browser.get(address(row)).text, f"{row._meta.model_name}_form")


def other(one: Any, field: str, form: forms.ModelForm, sent: dict[str, Any]) -> dict[str, Any]:
    """The form with another value in this field."""
    given = VALUES.get(label(one), {}).get(field)
    if given is not None:
        return {**sent, **given}
    kind = form.fields[field]
    value = (sent.get(field) or [""])[0]
    if isinstance(kind, forms.BooleanField):
        changed = {name: each for name, each in sent.items() if name != field}
        return changed if field in sent else {**changed, field: ["on"]}
    if isinstance(kind, forms.ModelMultipleChoiceField):
        return {**sent, field: [str(kind.queryset.values_list("pk", flat=True).first())]}
    if isinstance(kind, forms.ModelChoiceField):
        return {**sent, field: [str(make_rows(kind.queryset.model, 1).pk)]}
    if isinstance(kind, forms.ChoiceField):
        return {
            **sent,
            field: [next(str(key) for key, _words in kind.choices if str(key) not in ("", value))],
        }
    if isinstance(kind, forms.DecimalField | forms.IntegerField):
        return {**sent, field: [str(int(float(value or 0)) + 1)]}
    if isinstance(kind, forms.URLField):
        return {**sent, field: ["https://example.com/other"]}
    if isinstance(kind, forms.EmailField):
        return {**sent, field: ["other@example.com"]}
    return {**sent, field: [f"{value.rstrip()}x"]}


def state(row: models.Model) -> dict[str, Any]:
    fresh = type(row)._default_manager.get(pk=row.pk)  # type: ignore[attr-defined]
    values = {f.name: getattr(fresh, f.attname) for f in fresh._meta.concrete_fields}
    return values | {f.name: list(getattr(fresh, f.name).all()) for f in fresh._meta.many_to_many}


def test_there_are_forms_to_edit() -> None:
    assert {"templates.Project", "accounts.Budget", "generation.CatalogueModel"} <= set(
        map(label, editable())
    )


def test_what_a_change_leaves_behind_is_known_of_every_row_that_is_recorded() -> None:
    recorded = {label(one) for one in editable() if hasattr(one.model, "recorded_as")}
    assert recorded == ACTIVITIES.keys() | TELL_NO_FIELDS, "name the activity in ACTIVITIES"


@pytest.mark.parametrize("one", editable(), ids=label)
def test_saving_a_form_as_it_is_changes_nothing(browser: Client, one: Any) -> None:
    row = owned(one)
    before, activities = state(row), Activity.objects.count()
    assert browser.post(address(row), sent_by(browser, row)).status_code == 302
    assert state(row) == before
    assert not AuditEntry.objects.exists()
    assert Activity.objects.count() == activities


@pytest.mark.parametrize("one", editable(), ids=label)
def test_every_field_that_is_edited_is_written_down(browser: Client, one: Any) -> None:
    row = owned(one)
    form = browser.get(address(row)).context["adminform"].form
    for field in form.fields:
        before = state(row)
        sent = other(one, field, form, sent_by(browser, row))
        answer = browser.post(address(row), sent)
        assert answer.status_code == 302, (field, answer.context["adminform"].form.errors)
        entry = AuditEntry.objects.order_by("-pk").first()
        assert entry is not None, field
        assert (entry.action, entry.object_id, list(entry.changes)) == ("change", str(row.pk), [field]), field
        after = state(row)
        changed = {name for name in before if before[name] != after[name]} - {"updated_at"}
        columns = {name for name in changed if not name.startswith("fingerprint")} - DERIVED
        column = COLUMNS.get(f"{label(one)}.{field}", COLUMNS.get(field, field))
        assert column in columns, field
        assert columns - ALONG.get(label(one), set()) <= {column}, field
        _check_fingerprints(label(one), field, changed)
        if label(one) in ACTIVITIES:
            told = Activity.objects.order_by("-pk").first()
            name = "category_code" if field == "category" else field
            assert told is not None, field
            assert (told.action, told.details["fields"]) == (ACTIVITIES[label(one)], [name]), field


def _check_fingerprints(model: str, field: str, changed: set[str]) -> None:
    """What a document reads of its sources changes their fingerprints, in the language that reads it."""
    if model not in ("templates.Project", "templates.ContentTemplate"):
        return
    reads = field.startswith(("name_", "description_", "prompt_", "website"))
    assert any(each.startswith("fingerprint") for each in changed) == reads, field


def test_rows_that_are_edited_in_the_list_are_written_down(browser: Client) -> None:
    row = make_rows(Category, 2)
    page = reverse("admin:templates_category_changelist")
    sent = fields_of(browser.get(page).text, "changelist-form")
    name = next(each for each in sent if each.endswith("-order") and str(row.pk) in _key_of(sent, each))
    browser.post(page, {**sent, name: ["7"], "_save": ["Save"]})
    row.refresh_from_db()
    assert row.order == 7
    entry = AuditEntry.objects.get()
    assert (entry.object_id, list(entry.changes)) == (str(row.pk), ["order"])


def _key_of(sent: dict[str, Any], field: str) -> str:
    return str(sent[field.replace("-order", "-id")][0])
