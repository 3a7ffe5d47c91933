"""Prompts and tags in the admin: written by the services, their versions and labels in sight."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry, User
from prompts.models import Prompt, PromptEvaluation, PromptVersion, Tag
from prompts.services.auto_save import prompt_auto_save
from prompts.services.labels import label_move
from prompts.services.prompts import prompt_update
from tests.prompts.factories import prompt_of, tag_of
from tests.support.forms import fields_of
from tests.support.rows import make_rows
from tests.support.speaking import speak

pytestmark = pytest.mark.django_db


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def page(row: Prompt | Tag | PromptVersion | PromptEvaluation) -> str:
    return reverse(f"admin:prompts_{row._meta.model_name}_change", args=[row.pk])


def test_a_prompt_is_made_and_changed_as_elsewhere(back_office: Client, alice: User) -> None:
    add = reverse("admin:prompts_prompt_add")
    sent = fields_of(back_office.get(add).text, "prompt_form")
    sent |= {
        "owner": [str(alice.pk)],
        "title": ["周报"],
        "folder": ["/work//emails/"],
        "content": ["写给{{name}}。"],
    }
    assert back_office.post(add, sent).status_code == 302
    prompt = Prompt.objects.get()
    assert (prompt.folder, prompt.versions.count()) == ("work/emails", 1)
    assert prompt.variables[0]["name"] == "name"

    sent = fields_of(back_office.get(page(prompt)).text, "prompt_form")
    assert back_office.post(page(prompt), {**sent, "content": ["写一封邮件。"]}).status_code == 302
    prompt.refresh_from_db()
    assert (prompt.version, prompt.variables) == (2, [])
    refused = back_office.post(page(prompt), {**sent, "content": ["{{> 没有}}"]}, follow=True)
    assert "The prompt includes 没有" in refused.text
    prompt.refresh_from_db()
    assert prompt.version == 2
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["add", "change"]


@pytest.mark.parametrize(("language", "words"), [("en", "Versions"), ("zh-hans", "最近的版本")])
def test_its_page_shows_versions_labels_and_tags(
    back_office: Client, alice: User, language: str, words: str
) -> None:
    prompt = prompt_of(alice, title="周报", tag_ids=[tag_of(alice, "邮件").pk])
    label_move(prompt=prompt, label="production", number=1)
    prompt_update(prompt=prompt, content="写一封长邮件。")
    speak(back_office, language)
    text = back_office.get(page(prompt)).text
    for shown in (words, "production → 1", "邮件", *(page(one) for one in prompt.versions.all())):
        assert shown in text, shown


def test_a_version_is_read_as_it_was_written(back_office: Client, alice: User) -> None:
    prompt = prompt_of(alice, "一\n<b>{{二}}</b>")
    text = back_office.get(page(prompt.versions.get())).text
    assert "一<br>&lt;b&gt;{{二}}&lt;/b&gt;" in text
    assert "name 二 · type text · required Yes" in text


def test_all_versions_of_a_prompt_are_found_by_its_id(back_office: Client, alice: User) -> None:
    prompt = prompt_of(alice)
    prompt_of(alice)
    prompt_update(prompt=prompt, content="写一封长邮件。")
    found = back_office.get(reverse("admin:prompts_promptversion_changelist"), {"q": str(prompt.pk)})
    assert {one.prompt_id for one in found.context["cl"].result_list} == {prompt.pk}
    assert len(found.context["cl"].result_list) == 2


def test_a_tags_name_is_one_here_too(back_office: Client, alice: User) -> None:
    tag_of(alice, "邮件")
    other = tag_of(alice, "信件")
    sent = fields_of(back_office.get(page(other)).text, "tag_form")
    refused = back_office.post(page(other), {**sent, "name": ["邮件"]}, follow=True)
    assert "You already have a tag 邮件" in refused.text
    other.refresh_from_db()
    assert other.name == "信件"


def test_an_evaluation_shows_its_figures_and_reads_its_answers_once(back_office: Client, alice: User) -> None:
    evaluation: Any = make_rows(PromptEvaluation, 1, owner=alice)
    with CaptureQueriesContext(connection) as captured:
        text = back_office.get(page(evaluation)).text
    reads = [one["sql"] for one in captured if 'FROM "prompts_prompttrial"' in one["sql"]]
    assert len(reads) == 1
    for shown in ("wins", "unanswered", "original", "candidate", evaluation.trials.get().case.name):
        assert shown in text, shown
    speak(back_office, "zh-hans")
    assert "胜" in back_office.get(page(evaluation)).text


def test_a_prompt_says_where_it_comes_from(back_office: Client, alice: User) -> None:
    prompt, _ = prompt_auto_save(owner_id=alice.pk, content="写一封信。")
    imported = uuid4()
    Prompt.objects.filter(pk=prompt.pk).update(imported_id=imported)
    text = back_office.get(page(prompt)).text
    assert "Saved by itself" in text
    assert str(imported) in text
    listed = back_office.get(reverse("admin:prompts_prompt_changelist"), {"is_auto_saved__exact": "0"})
    assert list(listed.context["cl"].result_list) == []
