"""Lists of the admin offer what some row of them allows; a row's own page what that row allows."""

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import LoginSession, ProviderKey, User
from config.admin.words import as_rows
from generation.admin.words import FIELD_WORDS
from generation.jobs.registry import KINDS
from generation.models import Job, ProviderCall
from generation.selectors.figures import first_id_at
from templates.models import BatchItem, Document, DocumentVersion, TemplateBatch
from tests.support.rows import make_rows
from tests.support.speaking import speak

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def offered(client: Client, model: Any) -> set[str]:
    """The actions that the list offers, but for deleting."""
    form = client.get(address(model, "changelist")).context["action_form"]
    choices = form.fields["action"].choices if form else []
    return {name for name, _words in choices if name} - {"delete_selected"}


def buttons(client: Client, row: Any) -> set[str]:
    """The actions that the row's own page offers."""
    page = client.get(address(row, "change", row.pk)).text
    names: Any = admin.site._registry[type(row)].actions_detail  # type: ignore[attr-defined]
    return {name for name in names if address(row, name, row.pk) in page}


def set_status(job: Job, status: str, **fields: Any) -> None:
    error = (
        {"code": "X", "message": "x", "retryable": False, "charged": False} if status == "failed" else None
    )
    Job.objects.filter(pk=job.pk).update(
        status=status, error=error, error_code="X" if error else "", finished_at=timezone.now(), **fields
    )


@pytest.mark.parametrize(
    ("status", "of_jobs", "of_batches"),
    [
        ("failed", {"retry_all"}, {"retry"}),
        ("succeeded", set(), set()),
        ("queued", {"cancel_all"}, {"pause", "cancel"}),
    ],
)
def test_jobs_and_batches(
    boss: Client, alice: User, status: str, of_jobs: set[str], of_batches: set[str]
) -> None:
    batch = make_rows(TemplateBatch, 1, alice)
    for job in Job.objects.all():
        set_status(job, status)
    assert offered(boss, Job) == of_jobs
    assert offered(boss, TemplateBatch) == of_batches
    assert buttons(boss, batch.job) == {name.replace("_all", "_one") for name in of_jobs}


def test_mixed_rows_offer_what_any_of_them_allows(boss: Client, alice: User) -> None:
    one, other = make_rows(Job, 1, alice), make_rows(Job, 2, alice)
    set_status(one, "failed")
    set_status(other, "queued")
    assert offered(boss, Job) == {"retry_all", "cancel_all"}


def test_keys_sessions_and_calls(boss: Client, alice: User) -> None:
    key = make_rows(ProviderKey, 1, alice)
    for is_active, action in ((True, "deactivate"), (False, "activate")):
        ProviderKey.objects.filter(pk=key.pk).update(is_active=is_active)
        assert offered(boss, ProviderKey) == {action}

    session = make_rows(LoginSession, 1, alice)
    later = timezone.now() + timedelta(hours=1)
    for ended_at, actions in ((None, {"end"}), (timezone.now(), set())):
        LoginSession.objects.filter(pk=session.pk).update(ended_at=ended_at, expires_at=later)
        assert offered(boss, LoginSession) == actions

    call = make_rows(ProviderCall, 1, alice)
    ProviderCall.objects.filter(pk=call.pk).update(status="uncertain")
    assert offered(boss, ProviderCall) == {"resolve_as_free", "resolve_as_charged"}
    assert buttons(boss, call) == {"resolve_one_as_free", "resolve_one_as_charged"}
    ProviderCall.objects.filter(pk=call.pk).update(status="released")
    assert offered(boss, ProviderCall) == buttons(boss, call) == set()


# -- results, names and figures ------------------------------------------------------------------------------------


def test_a_job_leads_to_its_document_and_to_the_file(boss: Client, alice: User) -> None:
    version = make_rows(DocumentVersion, 1, alice)
    document = version.document
    Document.objects.filter(pk=document.pk).update(latest=version)
    job = make_rows(Job, 1, alice)
    Job.objects.filter(pk=job.pk).update(
        kind="templates.document", status="succeeded", error=None, error_code="",
        output={"document_id": str(document.pk), "version": 1},
    )  # fmt: skip
    page = boss.get(address(Job, "change", job.pk)).text
    download = address(Document, "download", document.pk)
    assert f'href="{address(Document, "change", document.pk)}"' in page
    assert f'href="{download}"' in page
    assert f'href="{download}html/"' in boss.get(address(Document, "change", document.pk)).text

    file = boss.get(download)
    assert file.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert b"".join(file.streaming_content).decode() == version.content
    html = boss.get(f"{download}html/")
    assert b"".join(html.streaming_content).startswith(b"<!DOCTYPE html>")
    assert boss.get(f"{download}exe/").status_code == 404


def test_who_may_not_look_may_not_take_along(bob: User, alice: User) -> None:
    document = make_rows(Document, 1, alice)
    client = Client()
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=bob.pk))
    assert client.get(address(Document, "download", document.pk)).status_code == 403


@pytest.mark.parametrize(
    ("total", "en", "zh"),
    [(1, "Batch of 1 document ·", "1 份文档的批次"), (2, "Batch of 2 documents ·", "2 份文档的批次")],
)
def test_a_batch_is_called_by_its_number_in_the_readers_language(
    boss: Client, alice: User, total: int, en: str, zh: str
) -> None:
    batch = make_rows(TemplateBatch, 1, alice)
    TemplateBatch.objects.filter(pk=batch.pk).update(total=total)
    item = BatchItem.objects.get(batch=batch)
    for model, row in ((TemplateBatch, batch), (BatchItem, item)):
        page = address(model, "change", row.pk)
        assert en in boss.get(page).text
        assert zh in speak(boss, "zh-CN").get(page).text
        speak(boss, "en")


def test_a_jobs_page_is_called_by_what_it_is_about(boss: Client, alice: User) -> None:
    batch = make_rows(TemplateBatch, 1, alice)
    Job.objects.filter(pk=batch.job_id).update(kind="templates.batch")
    page = boss.get(address(Job, "change", batch.job_id))
    assert str(page.context["original"]).startswith("Batch of 1 document")


def test_what_kinds_of_jobs_take_is_told_in_words() -> None:
    missing = [
        f"{kind.name}: {field.name}"
        for kind in KINDS.values()
        if not kind.name.startswith("test.")
        for field in dataclasses.fields(kind.input)
        if field.name not in {**FIELD_WORDS, **kind.words}
    ]
    assert missing == []


def test_values_are_told_as_people_say_them() -> None:
    data = {"a": False, "language": "zh", "counts": {"failed": 0, "succeeded": 2}, "none": None}
    shown = re.sub(r"<[^>]+>", "", str(as_rows(data, {"a": "on", "failed": "lost", "succeeded": "done"}, {})))
    assert shown == "on: Nolanguage: 中文counts: lost 0 · done 2none: -"


def test_the_list_behind_the_failed_jobs_of_the_first_page_has_as_many(boss: Client, alice: User) -> None:
    old, new = make_rows(Job, 1, alice), make_rows(Job, 2, alice)
    for job in (old, new):
        set_status(job, "failed")
    Job.objects.filter(pk=old.pk).update(id=first_id_at(timezone.now() - timedelta(days=8)))
    page = boss.get(reverse("admin:index"))
    [tile] = [one for one in page.context["tiles"] if one["icon"] == "error"]
    assert tile["value"] == str(boss.get(tile["url"]).context["cl"].result_count)
