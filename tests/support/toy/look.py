"""What `tests/architecture/test_registration.py` finds of the toy, in a process that has it installed."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from config.api.docs import schema_json
from config.celery import app
from generation.jobs import runner
from generation.jobs.services import job_submit
from tests.architecture.test_strangers import doors, key_models
from tests.support.access_tokens import machine
from tests.support.toy.models import Note

pytestmark = pytest.mark.django_db


def test_the_menu_leads_to_its_page(staff: User) -> None:
    client = Client()
    client.force_login(staff)
    page = client.get("/admin/")
    sections = [group.get("title") for group in page.context["sidebar_navigation"]]
    assert sections.index("Documents") < sections.index("Notes") < sections.index("Accounts")
    assert client.get("/admin/notes/note/").status_code == 200


def test_the_schema_has_its_addresses_scopes_and_activities() -> None:
    schema = schema_json().decode()
    for words in ("/api/v1/notes/{note_id}", "`notes:write`: Change notes.", '"create_note"', '"note"'):
        assert words in schema, words


def test_a_token_is_granted_its_scopes(alice: User, client_for: Any) -> None:
    asked = {"name": "notes", "scopes": ["notes:write", "notes:read"]}
    answer = client_for(alice).post("/api/v1/access-tokens", asked).json()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['data']['token']}")
    made = client.post("/api/v1/notes", {"text": "茶"})
    assert made.status_code == 201
    assert client.get(made.headers["Location"]).json()["data"]["text"] == "茶"
    assert machine(alice, "jobs:read").get("/api/v1/notes").status_code == 403


def test_what_is_done_is_found_among_the_activities(alice: User, client_for: Any) -> None:
    client = client_for(alice)
    client.post("/api/v1/notes", {"text": "茶"})
    [found] = client.get("/api/v1/activities?action=create_note&object_type=note").json()["data"]
    assert found["object_id"] == str(Note.objects.get().pk)
    assert client.delete("/api/v1/activities?action=create_note").json()["data"] == {"deleted": 1}


def test_the_sandbox_answers_its_jobs(alice: User) -> None:
    job = job_submit(owner_id=alice.pk, kind="notes.summarize", input={"text": "tea"})
    runner.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.output) == ("succeeded", {"summary": "A note about tea."})


def test_its_task_has_a_queue_and_a_clock() -> None:
    assert app.amqp.router.route({}, "notes.tidy")["queue"].name == "status_updates"
    assert app.conf.beat_schedule["notes.tidy"]["schedule"] == 60


def test_the_guards_walk_its_addresses() -> None:
    assert key_models()["note_id"] is Note
    assert "GET api/v1/notes/<uuid:note_id>" in {str(door) for door in doors()}
