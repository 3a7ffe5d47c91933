"""Event streams for machines: the same tokens, the same scopes, and an end when the token ends."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.domain.tokens import token_hash
from accounts.models import AccessToken, LoginSession, User
from accounts.selectors.users import principal_forget_all
from accounts.services.sessions import session_start
from accounts.services.tokens import token_delete
from generation.jobs import runner
from generation.jobs.services import job_submit
from generation.models import Job
from tests.generation.test_api_events import in_thread
from tests.support.access_tokens import token_of
from tests.support.asgi_stream import open_stream
from tests.support.kinds.handlers import TextInput

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(alice: User) -> Job:
    return job_submit(kind="test.text", input=TextInput(prompt="两个字 ✨"), owner_id=alice.pk)


def url_of(job: Job) -> str:
    return f"/api/v1/jobs/{job.pk}/events"


def asked(job: Job, token: str) -> tuple[int, str]:
    """The status and code of what a stream is refused with."""

    async def ask() -> tuple[int, Any]:
        async with open_stream(url_of(job), token) as stream:
            return stream.status, await stream.json()

    status, body = asyncio.run(ask())
    return status, body["data"]["code"]


def test_a_token_with_the_scope_follows_to_the_end(job: Job, alice: User) -> None:
    token = token_of(alice, "jobs:read")

    async def follow() -> Any:
        async with open_stream(url_of(job), token) as stream:
            await stream.read()
            await in_thread(runner.run, job.pk)
            return (await stream.rest())[-1].data["reason"]

    assert asyncio.run(follow()) == "finished"


def test_without_the_scope_it_is_closed(job: Job, alice: User) -> None:
    assert asked(job, token_of(alice, "jobs:write")) == (403, "SCOPE_MISSING")


def test_of_somebody_else_there_is_none(job: Job, bob: User) -> None:
    assert asked(job, token_of(bob, "jobs:read")) == (404, "JOB_NOT_FOUND")


def test_the_token_ends_it_when_it_expires(job: Job, alice: User, later: Callable[[float], None]) -> None:
    token = token_of(alice, "jobs:read", expires_at=timezone.now() + timedelta(seconds=600))

    async def follow() -> Any:
        async with open_stream(url_of(job), token) as stream:
            await stream.next()
            later(600)
            return (await stream.rest())[-1].data["reason"]

    assert asyncio.run(follow()) == "expired"
    AccessToken.objects.update(expires_at=timezone.now())
    principal_forget_all()
    assert asked(job, token) == (401, "TOKEN_INVALID")


def test_one_that_does_not_expire_is_looked_at_again_as_often_as_a_session(
    job: Job, alice: User, settings: Any
) -> None:
    settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "ACCESS_TOKEN_LIFETIME": timedelta(seconds=0.2)}
    token = token_of(alice, "jobs:read")

    async def follow() -> Any:
        async with open_stream(url_of(job), token) as stream:
            return (await stream.rest())[-1].data["reason"]

    assert asyncio.run(follow()) == "expired"


@pytest.mark.parametrize("gone", ["token", "token in another process", "owner switched off"])
def test_what_is_gone_connects_no_more(job: Job, alice: User, gone: str) -> None:
    token = token_of(alice, "jobs:read")

    async def follow() -> int:
        async with open_stream(url_of(job), token) as stream:
            await stream.next()
            return stream.status

    assert asyncio.run(follow()) == 200
    if gone == "token":
        token_delete(token=AccessToken.objects.get(token_hash=token_hash(token)))
    elif gone == "token in another process":
        AccessToken.objects.all().delete()
    else:
        User.objects.update(is_active=False)
    assert asked(job, token) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("end", ["logout", "token deleted", "switched off", "password"])
def test_what_is_revoked_elsewhere_ends_open_streams(
    job: Job, alice: User, end: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.AUTH_SNAPSHOT_SECONDS = 0.1
    monkeypatch.setattr("generation.live.streams.HEARTBEAT_SECONDS", 0.05)
    token = token_of(alice, "jobs:read") if end == "token deleted" else session_start(user=alice).access

    def revoke() -> None:
        if end == "logout":
            LoginSession.objects.update(ended_at=timezone.now())
        elif end == "token deleted":
            AccessToken.objects.all().delete()
        elif end == "switched off":
            User.objects.update(is_active=False)
        else:
            User.objects.update(password_changed_at=timezone.now())

    async def follow() -> Any:
        async with open_stream(url_of(job), token) as stream:
            await stream.next()
            while b": alive" not in stream.raw:  # it goes on as long as nothing is revoked
                await stream.read()
            await in_thread(revoke)
            return (await stream.rest())[-1].data["reason"]

    assert asyncio.run(follow()) == "revoked"
