"""Jobs of documents as people tell them apart: by project, content template and owner, in their own language."""

from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from generation.errors import states_in_chinese
from generation.jobs.services import job_cancel
from generation.models import Job
from templates.models import ContentTemplate, Project, TemplateBatch
from tests.support.rows import make_rows
from tests.support.speaking import speak
from tests.templates.factories import batch_of, project_of

pytestmark = pytest.mark.django_db

LIST = "admin:generation_job_changelist"


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def batch(alice: User, tea: Project, library: list[ContentTemplate]) -> TemplateBatch:
    return batch_of(alice, project_ids=(tea.pk,), template_codes=("brief",), languages=("zh", "en"))


def found(client: Client, term: str) -> set[UUID]:
    page = client.get(reverse(LIST), {"q": term})
    return {job.pk for job in page.context["cl"].result_list}


def children(batch: TemplateBatch) -> set[UUID]:
    return set(Job.objects.filter(parent_id=batch.pk).values_list("pk", flat=True))


def test_are_found_by_project_template_and_owner(
    back_office: Client, batch: TemplateBatch, tea: Project, library: list[ContentTemplate], bob: User
) -> None:
    other = project_of(bob, code="harbour", name_zh="港口", name_en="Harbour Log")
    theirs = batch_of(bob, project_ids=(other.pk,), template_codes=("brief",), languages=("zh",))
    brief = ContentTemplate.objects.get(code="brief")
    for term in (tea.code, tea.name_zh, tea.name_en.lower(), tea.name_zh[1:]):
        assert found(back_office, term) == children(batch), term
    for term in ("harbour", "港口"):
        assert found(back_office, term) == children(theirs), term
    for term in ("brief", brief.name_zh, brief.name_en):
        assert found(back_office, term) == children(batch) | children(theirs), term
    assert found(back_office, "bob") == children(theirs) | {theirs.pk}
    assert found(back_office, "nothing-like-it") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_their_titles_and_links_are_in_the_readers_language(
    back_office: Client, batch: TemplateBatch, tea: Project, language: str
) -> None:
    names = {"en": tea.name_en, "zh-CN": tea.name_zh}
    speak(back_office, language)
    listed = back_office.get(reverse(LIST), {"q": tea.code}).text
    assert names[language] in listed
    assert names["en" if language != "en" else "zh-CN"] not in listed
    job = Job.objects.filter(parent_id=batch.pk).earliest("position")
    page = back_office.get(reverse("admin:generation_job_change", args=[job.pk])).text
    for model, pk in (
        ("templates_project", tea.pk),
        ("templates_contenttemplate", job.input["content_template_id"]),
    ):
        assert f'href="{reverse(f"admin:{model}_change", args=[pk])}"' in page


def test_states_inside_messages_are_translated(back_office: Client, batch: TemplateBatch) -> None:
    job_cancel(job=batch.job)
    form = {"action": "pause", "_selected_action": [str(batch.pk)]}
    page = reverse("admin:templates_templatebatch_changelist")
    said = {}
    for language in ("en", "zh-CN"):
        answer = speak(back_office, language).post(page, form)
        *_, said[language] = [str(one) for one in get_messages(answer.wsgi_request)]
    assert "The batch is cancelled; this needs it to be queued, running or waiting." in said["en"]
    assert "批次当前状态为“已取消”，此操作要求状态为“排队中、运行中或等待中”。" in said["zh-CN"]


@pytest.mark.parametrize("words", ["queued", "queued, running or waiting", "succeeded", "failed", "paused"])
def test_no_state_stays_english(words: str) -> None:
    assert not any("a" <= one <= "z" for one in states_in_chinese(words))


@pytest.mark.parametrize("label", ["generation.Job", "templates.TemplateBatch", "accounts.Activity"])
def test_what_a_row_is_called_follows_the_language(label: str, db: None) -> None:
    row = make_rows(apps.get_model(label), 1)
    said = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said[language] = str(row)
    assert said["en"] != said["zh-hans"]
    assert [any("一" <= one <= "鿿" for one in said[language]) for language in said] == [False, True]
