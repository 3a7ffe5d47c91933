"""What staff do is written down with it, and what is written down stays."""

import inspect
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from accounts.models.activity import AppendOnlyError
from config import audit
from config.admin.actions import run_each
from config.admin.base import Audited, BaseAdmin
from generation.domain.states import JobStatus
from generation.jobs.services import job_submit
from generation.models import Job
from templates.models import Category, ContentTemplate
from tests.conftest import PASSWORD
from tests.templates.factories import category_make, project_make
from tests.templates.factories import content_template_make as make_template

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]
NEW_PASSWORD = "another 密码 2026"


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.9", headers={"X-Request-ID": "req-of-staff"})
    client.force_login(staff)
    return client


def entry() -> AuditEntry:
    return AuditEntry.objects.create(actor_id=uuid4(), actor_name="茶客", action="change")


def shared_template(**values: Any) -> ContentTemplate:
    prompts = {"prompt_zh": "请介绍 {{project_name}}。", "prompt_en": "Tell about {{project_name}}."}
    return make_template(**prompts, **values)


def address(row: models.Model, page: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def list_address(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


# -- nothing is changed ----------------------------------------------------------------------------------------


CLOSED_WAYS: dict[str, Callable[[AuditEntry], Any]] = {
    "save": lambda e: e.save(),
    "save of some fields": lambda e: e.save(update_fields=["action"]),
    "save of another object with its key": lambda e: AuditEntry(pk=e.pk, actor_id=e.pk).save(
        force_update=True
    ),
    "save by position": lambda e: AuditEntry(pk=e.pk, actor_id=e.pk).save(False, True),
    "save_base": lambda e: e.save_base(force_update=True),
    "update": lambda e: AuditEntry.objects.filter(pk=e.pk).update(action="x"),
    "bulk_update": lambda e: AuditEntry.objects.bulk_update([e], ["action"]),
    "update_or_create": lambda e: AuditEntry.objects.update_or_create(pk=e.pk, defaults={"action": "x"}),
    "bulk_create over it": lambda e: AuditEntry.objects.bulk_create(
        [e], update_conflicts=True, update_fields=["action"], unique_fields=["id"]
    ),
    "delete": lambda e: e.delete(),
    "delete of rows": lambda e: AuditEntry.objects.all().delete(),
    "delete by a filter": lambda e: AuditEntry.objects.filter(pk=e.pk).delete(),
    "raw delete": lambda e: AuditEntry.objects.all()._raw_delete("default"),
    "the base manager's update": lambda e: AuditEntry._base_manager.filter(pk=e.pk).update(action="x"),
    "the base manager's delete": lambda e: AuditEntry._base_manager.all().delete(),
}


@pytest.mark.parametrize("way", CLOSED_WAYS)
def test_every_way_to_change_or_delete_is_closed(way: str) -> None:
    made = entry()
    with pytest.raises(AppendOnlyError), transaction.atomic():
        CLOSED_WAYS[way](made)
    made.refresh_from_db()
    assert made.action == "change"


def test_an_entry_is_not_overwritten_by_one_with_its_key() -> None:
    made = entry()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry(pk=made.pk, actor_id=made.pk, action="x").save()


def test_nothing_points_at_or_from_it_that_could_cascade() -> None:
    assert not AuditEntry._meta.related_objects
    assert not [field for field in AuditEntry._meta.get_fields() if field.is_relation]


def test_it_outlives_who_did_it_and_what_it_was_done_to(
    back_office: Client, staff: User, alice: User
) -> None:
    back_office.post(
        address(alice), {"username": "alice", "email": "a@example.com", "language": "zh", "theme": "dark"}
    )
    alice.delete()
    staff.delete()
    kept = AuditEntry.objects.get()
    assert (kept.actor_name, kept.object_name) == ("staff", "alice")


# -- the admin's page ------------------------------------------------------------------------------------------


def test_nobody_changes_or_deletes_it_in_the_admin(back_office: Client) -> None:
    made = entry()
    assert back_office.get(list_address(AuditEntry)).status_code == 200
    assert back_office.get(address(made)).status_code == 200
    assert back_office.post(address(made), {"action": "x"}).status_code == 403
    assert back_office.get(address(made, "delete")).status_code == 403
    assert back_office.post(address(made, "delete"), {"post": "yes"}).status_code == 403
    assert back_office.get(list_address(AuditEntry) + "add/").status_code == 403
    asked = {"action": "delete_selected", "_selected_action": [str(made.pk)], "post": "yes"}
    back_office.post(list_address(AuditEntry), asked)
    assert AuditEntry.objects.get() == made


def test_it_is_found_by_object_and_by_actor(back_office: Client, staff: User) -> None:
    group = Group.objects.create(name="编辑")
    for row in (group, staff):
        audit.record(staff, "change", row)
    entry()
    for term, number in ((str(group.pk), 1), (str(staff.pk), 2), ("nowhere", 0)):
        found = back_office.get(list_address(AuditEntry), {"q": term}).context["cl"].result_list
        assert len(found) == number, term
    for query, number in (
        ({"actor": str(staff.pk)}, 2),
        ({"action": "change"}, 3),
        ({"action": "delete"}, 0),
        ({"object_type": "auth.group"}, 1),
        ({"age": "1"}, 3),
        ({"actor": "nobody"}, 3),
    ):
        assert len(back_office.get(list_address(AuditEntry), query).context["cl"].result_list) == number, (
            query
        )


def test_a_rows_history_is_its_part_of_the_audit(back_office: Client, alice: User) -> None:
    answer = back_office.get(address(alice, "history"))
    assert answer.headers["Location"] == f"{list_address(AuditEntry)}?q={alice.pk}"


# -- what is written down --------------------------------------------------------------------------------------


def test_a_change_with_its_old_and_new_values(back_office: Client, staff: User, alice: User) -> None:
    form = {
        "username": "爱丽丝",
        "email": "alice@example.com",
        "language": "en",
        "theme": "dark",
        "is_active": "on",
        "is_email_confirmed": "on",
    }
    assert back_office.post(address(alice), form).status_code == 302

    made = AuditEntry.objects.get()
    assert (made.actor_id, made.actor_name, made.action) == (staff.pk, "staff", "change")
    assert (made.object_type, made.object_id, made.object_name) == ("accounts.user", str(alice.pk), "爱丽丝")
    assert made.changes == {
        "username": {"from": "alice", "to": "爱丽丝"},
        "theme": {"from": "system", "to": "dark"},
        "notifications": {"from": True, "to": False},
    }
    assert (made.ip_address, made.request_id) == ("192.0.2.9", "req-of-staff")
    assert not LogEntry.objects.exists()


def test_saving_without_a_change_writes_nothing(back_office: Client) -> None:
    category = category_make()
    form = {name: getattr(category, name) for name in ("code", "name_zh", "name_en", "order")}
    assert back_office.post(address(category), {**form, "is_shown": "on"}).status_code == 302
    assert not AuditEntry.objects.exists()


def test_rights_that_are_given(back_office: Client) -> None:
    group = Group.objects.create(name="编辑")
    right = Permission.objects.get(codename="view_user")
    back_office.post(address(group), {"name": "编辑", "permissions": [right.pk]})
    assert AuditEntry.objects.get().changes == {"permissions": {"from": [], "to": [str(right.pk)]}}


def test_a_new_row_and_its_end(back_office: Client) -> None:
    form = {"code": "tea", "name_zh": "茶", "name_en": "Tea", "order": "3", "is_shown": "on"}
    assert back_office.post(list_address(Category) + "add/", form).status_code == 302
    category = Category.objects.get()
    assert back_office.post(address(category, "delete"), {"post": "yes"}).status_code == 302

    added, deleted = AuditEntry.objects.order_by("pk")
    assert (added.action, added.object_id, added.changes["name_zh"]) == (
        "add",
        str(category.pk),
        {"from": None, "to": "茶"},
    )
    assert (deleted.action, deleted.object_id, deleted.changes) == ("delete", str(category.pk), {})


def test_rows_that_are_deleted_together(back_office: Client) -> None:
    rows = [category_make() for _ in range(3)]
    asked = {"action": "delete_selected", "_selected_action": [str(row.pk) for row in rows], "post": "yes"}
    back_office.post(list_address(Category), asked)
    assert {e.object_id for e in AuditEntry.objects.filter(action="delete")} == {str(row.pk) for row in rows}
    assert not Category.objects.exists()


def test_cells_that_are_changed_in_a_list(back_office: Client) -> None:
    category = category_make()
    form = {
        "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(category.pk),
        "form-0-order": "77", "form-0-is_shown": "on", "_save": "Save",
    }  # fmt: skip
    back_office.post(list_address(Category), form)
    assert AuditEntry.objects.get().changes["order"] == {"from": category.order, "to": 77}


@pytest.mark.parametrize("door", ["add", "password"])
def test_passwords_are_not_written_down(back_office: Client, alice: User, door: str) -> None:
    form = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    if door == "add":
        names = {"username": "王芳", "email": "wangfang@example.com", "language": "zh"}
        answer = back_office.post(reverse("admin:accounts_user_add"), {**names, **form})
    else:
        answer = back_office.post(reverse("admin:auth_user_password_change", args=[alice.pk]), form)
    assert answer.status_code == 302

    made = AuditEntry.objects.get()
    assert made.action == ("add" if door == "add" else "change")
    assert [name for name in made.changes if "password" in name]
    assert NEW_PASSWORD not in str(made.changes)
    assert not any(
        User.objects.get(pk=made.object_id).password in str(value) for value in made.changes.values()
    )


def test_long_texts_are_cut_and_keys_removed(back_office: Client) -> None:
    template = shared_template()
    key = "sk-" + "a1b2c3d4e5f6"
    form = {
        **{name: str(getattr(template, name)) for name in ("code", "order", "name_zh", "name_en", "prompt_en")},
        "category": str(template.category_id), "is_active": "on", "prompt_zh": f"用 {key} 写" + "字" * 600,
    }  # fmt: skip
    assert back_office.post(address(template), form).status_code == 302
    to = AuditEntry.objects.get().changes["prompt_zh"]["to"]
    assert (len(to), to[-1], key in to) == (audit.VALUE_LENGTH, "…", False)


def test_actions_from_a_list_and_from_a_rows_page(back_office: Client, staff: User, alice: User) -> None:
    jobs = [job_submit(kind="test.text", input={}, owner_id=alice.pk) for _ in range(3)]
    listed = list_address(Job)
    picked = [str(job.pk) for job in jobs[:2]]
    back_office.post(listed, {"action": "cancel_all", "_selected_action": picked})
    back_office.post(
        reverse("admin:generation_job_cancel_one", args=[jobs[2].pk]), {"_form_submitted": "true"}
    )

    made = list(AuditEntry.objects.order_by("pk").values_list("action", "object_type", "object_id"))
    assert sorted(made[:2]) == sorted(("cancel_all", "generation.job", key) for key in picked)
    assert made[2:] == [("cancel_one", "generation.job", str(jobs[2].pk))]
    jobs[2].refresh_from_db()
    assert jobs[2].status == JobStatus.CANCELLED


def test_an_action_that_fails_for_a_row_leaves_no_entry_of_it(back_office: Client, alice: User) -> None:
    job = job_submit(kind="test.text", input={}, owner_id=alice.pk)
    asked = {"action": "retry_all", "_selected_action": [str(job.pk)], "confirmed": "yes"}
    assert back_office.post(list_address(Job), asked).status_code == 302
    assert not AuditEntry.objects.exists()


# -- the API's doors for staff ---------------------------------------------------------------------------------


def test_a_queue_that_is_emptied(client_for: ClientFor, staff: User, alice: User) -> None:
    for _ in range(3):
        job_submit(kind="test.text", input={}, owner_id=alice.pk)
    client_for(staff).delete("/api/v1/queue/clear")
    made = AuditEntry.objects.get()
    assert (made.actor_id, made.action, made.changes) == (staff.pk, "clear_queue", {"cancelled": 3})


def test_the_shared_library(client_for: ClientFor, staff: User) -> None:
    template = shared_template()
    url = f"/api/v1/templates/{template.pk}"
    client = client_for(staff)
    client.patch(url, {"name_zh": "新名字", "is_active": template.is_active})
    client.delete(url)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "object_id", "changes")) == [
        ("change", str(template.pk), {"name_zh": {"from": template.name_zh, "to": "新名字"}}),
        ("delete", str(template.pk), {}),
    ]


def test_what_staff_do_with_their_own_is_no_matter_of_the_audit(client_for: ClientFor, staff: User) -> None:
    template = shared_template(owner=staff)
    client_for(staff).patch(f"/api/v1/templates/{template.pk}", {"name_zh": "新名字"})
    project_make(staff)
    assert not AuditEntry.objects.exists()


# -- together --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
class TestTogether:
    """The change and its entry are one transaction: if either fails, neither is there."""

    @pytest.fixture
    def failing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(entries: Any) -> None:
            raise IntegrityError("planted")

        monkeypatch.setattr(audit, "_recorders", [broken])

    @pytest.fixture
    def calm(self, staff: User) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(staff)
        return client

    @pytest.mark.usefixtures("failing")
    def test_without_an_entry_nothing_is_done(self, calm: Client, alice: User) -> None:
        category = category_make()
        job = job_submit(kind="test.text", input={}, owner_id=alice.pk)
        form = {"username": "爱丽丝", "email": "alice@example.com", "language": "en", "theme": "dark"}
        new = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        picked = {"_selected_action": [str(category.pk)], "action": "delete_selected", "post": "yes"}
        doors = [
            (address(alice), form),
            (reverse("admin:auth_user_password_change", args=[alice.pk]), new),
            (address(category, "delete"), {"post": "yes"}),
            (list_address(Category), picked),
            (list_address(Job), {"action": "cancel_all", "_selected_action": [str(job.pk)]}),
        ]
        assert [calm.post(url, data).status_code for url, data in doors] == [500] * len(doors)

        alice.refresh_from_db()
        job.refresh_from_db()
        assert (alice.username, alice.check_password(PASSWORD)) == ("alice", True)
        assert (job.status, Category.objects.count()) == (JobStatus.QUEUED, 1)

    @pytest.mark.usefixtures("failing")
    def test_nor_at_the_api(self, client_for: ClientFor, staff: User, alice: User) -> None:
        job = job_submit(kind="test.text", input={}, owner_id=alice.pk)
        template = shared_template()
        client = client_for(staff)
        client.raise_request_exception = False
        assert client.delete("/api/v1/queue/clear").status_code == 500
        assert client.patch(f"/api/v1/templates/{template.pk}", {"name_zh": "x"}).status_code == 500
        assert client.delete(f"/api/v1/templates/{template.pk}").status_code == 500
        job.refresh_from_db()
        assert job.status == JobStatus.QUEUED
        assert ContentTemplate.objects.get().name_zh == template.name_zh

    def test_what_is_rolled_back_leaves_no_entry(
        self, calm: Client, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any) -> None:
            raise IntegrityError("planted")

        monkeypatch.setattr("accounts.admin.users.UserAdmin.response_change", broken)
        form = {"username": "爱丽丝", "email": "alice@example.com", "language": "en", "theme": "dark"}
        assert calm.post(address(alice), form).status_code == 500
        assert not AuditEntry.objects.exists()

    def test_nobody_to_write_it_down_is_a_failure(self, monkeypatch: pytest.MonkeyPatch, staff: User) -> None:
        monkeypatch.setattr(audit, "_recorders", [])
        with pytest.raises(RuntimeError, match="audit"):
            audit.record(staff, "change", staff)


# -- guards ----------------------------------------------------------------------------------------------------


def unaudited(found: Any) -> set[str]:
    return {one.model._meta.label for one in found if not isinstance(one, Audited)}


def test_every_page_of_the_back_office_is_audited() -> None:
    assert unaudited(admin.site._registry.values()) == set()


def test_the_guard_finds_a_page_without_an_audit() -> None:
    class Plain(admin.ModelAdmin): ...

    assert unaudited([Plain(Group, admin.site)]) == {"auth.Group"}


def own_actions(one: Any) -> set[str]:
    """The names of a page's actions, of every sort that the theme knows."""
    sorts = (one.actions, one.actions_list, one.actions_row, one.actions_detail, one.actions_submit_line)
    return {name for names in sorts for name in names or ()}


def past_the_audit(found: Any) -> set[str]:
    """Actions that neither use `run_each` nor a method of their page or a function of their module that does."""
    return {
        f"{one.model._meta.label}.{name}"
        for one in found
        for name in own_actions(one)
        if not runs_each(type(one), getattr(type(one), name))
    }


def runs_each(page: type, function: Any, deep: int = 3) -> bool:
    """Whether it calls `run_each`, itself or by what it calls of its own."""
    source = inspect.getsource(function)
    if "run_each(" in source:
        return True
    methods = [getattr(page, name, None) for name in re.findall(r"self\.(\w+)\(", source)]
    around = inspect.unwrap(function).__globals__
    functions = [around.get(name) for name in re.findall(r"(?<![.\w])(_\w+)\(", source)]
    called = [each for each in [*methods, *functions] if inspect.isfunction(each) and deep]
    return any(runs_each(page, each, deep - 1) for each in called)


#: What the service writes down that it calls, and where that is tested.
BY_SERVICES = {"templates.Project.import_projects": "tests/templates/test_admin_import.py"}


def test_every_action_is_audited() -> None:
    assert past_the_audit(admin.site._registry.values()) == BY_SERVICES.keys()
    assert {"cancel_all", "cancel_one"} <= own_actions(admin.site._registry[Job])


def test_the_guard_finds_an_action_past_the_audit() -> None:
    class Planted(BaseAdmin):
        actions = ("steer", "seen")

        def steer(self, request: Any, queryset: Any) -> None:
            queryset.update(name="x")

        def seen(self, request: Any, queryset: Any) -> None:
            self._seen(request, queryset)

        def _seen(self, request: Any, queryset: Any) -> None:
            run_each(request, queryset, str, done=str)

    assert past_the_audit([Planted(Group, admin.site)]) == {"auth.Group.steer"}
