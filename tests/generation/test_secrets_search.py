"""The search for secrets finds what it searches: one leak is planted in each place, in one form after the other."""

from __future__ import annotations

import base64
import html
import json
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.utils import timezone
from django_celery_results.models import TaskResult

from accounts.models import AuditEntry, User
from config.celery import enqueue
from config.models import IdempotencyRecord
from generation.jobs import transitions
from generation.models import Job, ProviderCall
from tests.conftest import Enqueued
from tests.generation.factories import text_job
from tests.support.search import Heard, Marks, answers, listening, pages, rows, shown, stream_chunks, tasks

KEY = "aQ7xZk2Mw+9/Rt=vHs4LpN8cJ_y-5.GdBf3WqT6uKe1YnX9owxyz"
MARKS = Marks(KEY)

#: A function that hides a key in a text. What isn't the whole of it is at least 16 characters long.
HIDDEN: dict[str, Callable[[str], str]] = {
    "plain": lambda key: f"key {key}!",
    "in a URL": lambda key: f"https://example.com/?k={quote(key, safe='')}",
    "in a URL in a URL": lambda key: quote(quote(f"?k={key}", safe=""), safe=""),
    "in lower case": lambda key: key.lower(),
    "as a password": lambda key: base64.b64encode(f"用户:{key}".encode()).decode(),
    "as a password, moved by one": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "in URL-safe base64": lambda key: base64.urlsafe_b64encode(f"us:{key}/".encode()).decode(),
    "in hexadecimal digits": lambda key: key.encode().hex(),
    "in JSON in JSON": lambda key: json.dumps(json.dumps({"密钥": key})),
    "in HTML": lambda key: f"<b>{html.escape(key)}</b>",
    "as Python's bytes": lambda key: repr(key.encode()),
    "its first half": lambda key: key[: len(key) // 2],
    "its second half": lambda key: key[len(key) // 2 :],
    "its first sixteen characters": lambda key: f"{key[:16]}…",
    "sixteen out of its middle": lambda key: f"…{key[13:29]}…",
}


@pytest.mark.once
@pytest.mark.parametrize("form", HIDDEN)
def test_every_form_is_found(form: str) -> None:
    assert MARKS.find(f"错误：{HIDDEN[form](KEY)} 🔑")


@pytest.mark.once
@pytest.mark.parametrize(
    "harmless", ["", "…wxyz", "••••wxyz", "aQ7xZ", "9owxyz", "a hash: 5d41402abc4b2a76b9719d911017c592"]
)
def test_what_may_be_shown_isnt(harmless: str) -> None:
    assert MARKS.find(harmless) == ""


# -- in rows ---------------------------------------------------------------------------------------------------------


def in_a_result(owner: User) -> str:
    job = text_job(owner)
    ProviderCall.objects.create(
        owner=owner, job=job, step="s", feature="f", capability="llm", provider="p", result={"密钥": [KEY]}
    )
    return "generation_providercall.result"


def in_an_error(owner: User) -> str:
    leaky = {"code": "X", "message": KEY, "message_zh": "错", "retryable": False, "charged": False}
    Job.objects.filter(pk=text_job(owner).pk).update(error=leaky)
    return "generation_job.error"


def in_an_input(owner: User) -> str:
    text_job(owner, prompt=f"用 {KEY} 写")
    return "generation_job.input"


def in_an_event(owner: User) -> str:
    transitions.note(text_job(owner).pk, "progress", {"message": KEY})
    return "generation_jobevent.data"


def in_a_kept_answer(owner: User) -> str:
    IdempotencyRecord.objects.create(
        owner=owner, key="k", route="POST /x", request_hash="h", locked_until=timezone.now(),
        response_body=b"\xff\x00" + KEY.encode(),
    )  # fmt: skip
    return "platform_idempotencyrecord.response_body"


def in_a_session(owner: User) -> str:
    session = SessionStore()
    session["form"] = {"api_key": KEY}
    session.save()
    return "django_session"


def in_a_tasks_result(owner: User) -> str:
    TaskResult.objects.create(task_id="t", traceback=f"ValueError: {KEY}")
    return "django_celery_results_taskresult.traceback"


def in_the_audit(owner: User) -> str:
    changes = {"secret": {"from": "", "to": KEY}}
    AuditEntry.objects.create(
        actor_id=owner.pk, actor_name="甲", action="change", object_type="x", changes=changes
    )
    return "accounts_auditentry.changes"


def in_djangos_own_log(owner: User) -> str:
    about = {"user": owner, "content_type": ContentType.objects.first(), "object_id": "1", "action_flag": 2}
    LogEntry.objects.create(**about, object_repr="x", change_message=KEY)
    return "django_admin_log.change_message"


PLANTED = [
    in_a_result,
    in_an_error,
    in_an_input,
    in_an_event,
    in_a_kept_answer,
    in_a_session,
    in_a_tasks_result,
    in_the_audit,
    in_djangos_own_log,
]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_row_is_found(plant: Callable[[User], str], alice: User) -> None:
    assert MARKS.leaks(rows()) == []
    place = plant(alice)
    found = MARKS.leaks(rows())
    assert found
    assert all(leak.startswith(place) for leak in found)


# -- in what is shown ------------------------------------------------------------------------------------------------


def test_a_chunk_of_a_stream_is_found(alice: User) -> None:
    in_an_event(alice)
    assert len(MARKS.leaks(stream_chunks())) == 1


def test_an_answer_is_found_in_its_body_and_in_its_head(alice: User, client_for: Any) -> None:
    in_an_error(alice)
    leaks = MARKS.leaks(answers(client_for(alice), ["/api/v1/jobs", f"/api/v1/jobs/{Job.objects.get().pk}"]))
    assert any(leak.startswith("GET /api/v1/jobs/") for leak in leaks)
    head = HttpResponse("好", headers={"X-Trace": KEY})
    cookie = HttpResponse("好")
    cookie.set_cookie("k", KEY)
    assert MARKS.find(shown(head))
    assert MARKS.find(shown(cookie))


def test_a_page_of_the_back_office_is_found(alice: User, staff: User) -> None:
    in_an_error(alice)
    (found,) = MARKS.leaks(pages(staff, Job.objects.get()))
    assert found.startswith("/admin/generation/job/")
    alice.username = KEY[:20]
    alice.save()
    found = MARKS.leaks(pages(staff, alice))
    assert any(place.startswith("/admin/accounts/user/?p=1") for place in found)


def test_a_tasks_argument_is_found(
    enqueued: Enqueued, db: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        enqueue("accounts.verify_key", secret=KEY)
    assert len(MARKS.leaks(tasks(enqueued))) == 1


# -- in logs ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening() as heard:
        yield heard


def failed() -> None:
    raise ValueError(f"no route to {KEY}")


def said_by_us() -> None:
    structlog.get_logger("tests.planted").debug("planted", lane=f"x:{KEY}")


def said_by_a_library() -> None:
    logging.getLogger("some.library").debug("Request options: %s", {"headers": {"k": KEY}})


def said_in_a_traceback() -> None:
    try:
        failed()
    except ValueError:
        structlog.get_logger("tests.planted").exception("planted")


def said_in_a_librarys_traceback() -> None:
    try:
        failed()
    except ValueError:
        logging.getLogger("some.library").exception("planted")


@pytest.mark.once
@pytest.mark.parametrize(
    "say",
    [said_by_us, said_by_a_library, said_in_a_traceback, said_in_a_librarys_traceback],
    ids=lambda say: say.__name__,
)
def test_a_line_of_a_log_is_found_in_every_form(say: Callable[[], None], heard: Heard) -> None:
    say()
    leaks = MARKS.leaks(heard.texts())
    assert [leak.partition(":")[0] for leak in leaks] == ["log as said", "log as console", "log as json"]


@pytest.mark.once
def test_tracebacks_show_no_local_variables(heard: Heard) -> None:
    """Neither ours nor those of libraries: a frame may well know a key."""

    def crash(key: str) -> None:
        hidden = [key]
        raise ValueError(f"{len(hidden)} key")

    for log in (structlog.get_logger("tests.planted"), logging.getLogger("some.library")):
        try:
            crash(KEY)
        except ValueError:
            log.exception("crashed")
    texts = dict(heard.texts())
    assert all(text.count("in crash") == 2 for text in texts.values())
    assert MARKS.leaks(texts.items()) == []


@pytest.mark.once
def test_a_stream_of_the_process_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, f"core dumped: {KEY}\n".encode())
    assert MARKS.find("".join(capfd.readouterr()))
