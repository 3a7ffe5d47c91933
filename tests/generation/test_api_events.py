"""A job's events: the same numbered list for those who poll and for those who stream."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from accounts.services.sessions import access_claims, session_start
from generation.jobs import runner, transitions
from generation.jobs.services import children_submit, job_submit
from generation.live import streams
from generation.live.event_streams import EventStream, hubs
from generation.live.slots import slots
from generation.live.streams import Reader
from generation.models import Job, JobEvent
from generation.selectors import events as reader
from tests.support.asgi_stream import open_stream
from tests.support.kinds.handlers import TextInput

ClientFor = Callable[[User], APIClient]
STREAMED = pytest.mark.django_db(transaction=True)


def submit(owner: User) -> Job:
    return job_submit(kind="test.text", input=TextInput(prompt="两个字 ✨"), owner_id=owner.pk)


def finished(owner: User, notes: int = 3) -> Job:
    job = submit(owner)
    for number in range(notes):
        transitions.note(job.pk, "progress", {"percent": number, "message": f"第 {number} 步 ✨\n下一行"})
    runner.run(job.pk)
    return job


def token_of(user: User) -> str:
    return session_start(user=user).access


def url_of(job: Job) -> str:
    return f"/api/v1/jobs/{job.pk}/events"


def stored(job: Job) -> list[dict[str, Any]]:
    return list(JobEvent.objects.filter(job=job).order_by("seq").values("seq", "type", "data"))


async def in_thread(work: Callable[..., Any], *args: Any) -> Any:
    """Use the database as another process would: not in the event loop, on a connection of its own."""

    def released() -> Any:
        try:
            return work(*args)
        finally:
            connection.close()

    return await asyncio.to_thread(released)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)


@pytest.fixture(autouse=True)
def _all_slots_come_back() -> Iterator[None]:
    yield
    assert len(slots) == 0


class TestPolling:
    def test_from_every_number_on_gives_the_rest(self, alice: User, client_for: ClientFor) -> None:
        job, client = finished(alice), client_for(alice)
        everything = client.get(url_of(job)).json()["data"]
        assert [{k: v for k, v in row.items() if k != "created_at"} for row in everything] == stored(job)
        assert [row["seq"] for row in everything] == list(range(1, len(everything) + 1))
        for after in range(len(everything) + 1):
            assert client.get(f"{url_of(job)}?after={after}").json()["data"] == everything[after:]

    def test_in_steps_of_a_limit(self, alice: User, client_for: ClientFor) -> None:
        job, client = finished(alice), client_for(alice)
        seen: list[int] = []
        while True:
            page = client.get(f"{url_of(job)}?after={seen[-1] if seen else 0}&limit=2").json()
            seen += [row["seq"] for row in page["data"]]
            if not page["meta"]["has_next"]:
                break
        assert seen == [row["seq"] for row in stored(job)]

    def test_beyond_the_end_there_is_nothing_yet(self, alice: User, client_for: ClientFor) -> None:
        answer = client_for(alice).get(f"{url_of(submit(alice))}?after=999")
        assert (answer.status_code, answer.json()["data"]) == (200, [])

    @pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "1" * 30, "一"])
    def test_a_bad_number_is_named(self, alice: User, client_for: ClientFor, after: str) -> None:
        answer = client_for(alice).get(url_of(submit(alice)), {"after": after})
        assert answer.status_code == 422
        assert answer.json()["data"]["details"]["fields"][0]["field"] == "after"

    def test_a_parent_shows_its_own_events(self, alice: User, client_for: ClientFor) -> None:
        parent = job_submit(kind="test.parent", input={}, owner_id=alice.pk)
        children_submit(parent=parent, kind="test.text", inputs=[TextInput()])
        rows = client_for(alice).get(url_of(parent)).json()["data"]
        assert [row["type"] for row in rows] == ["queued"]

    def test_who_accepts_anything_gets_json(self, alice: User, client_for: ClientFor) -> None:
        answer = client_for(alice).get(url_of(submit(alice)), headers={"Accept": "*/*"})
        assert answer.headers["Content-Type"] == "application/json"

    def test_threads_serve_no_streams_and_say_what_to_do(self, alice: User, client_for: ClientFor) -> None:
        answer = client_for(alice).get(url_of(submit(alice)), headers={"Accept": "text/event-stream"})
        assert answer.status_code == 406
        assert answer.json()["data"]["code"] == "STREAM_NOT_SERVED_HERE"
        assert "?after=" in answer.json()["data"]["message"]


class TestNews:
    """The hub's reader against the database."""

    def test_an_event_that_is_written_during_the_read_comes_with_the_next(
        self, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = submit(alice)
        between = reader._events_between

        def write_first(spans: Any) -> Any:
            transitions.note(job.pk, "progress", {"percent": 1})
            return between(spans)

        monkeypatch.setattr(reader, "_events_between", write_first)
        first = reader.event_news({job.pk: 0})[job.pk]
        monkeypatch.undo()
        second = reader.event_news({job.pk: first.reached})[job.pk]
        assert ([event.seq for event in first.events], first.reached) == ([1], 1)
        assert ([event.seq for event in second.events], second.reached) == ([2], 2)

    def test_many_jobs_cost_two_queries(self, alice: User, django_assert_num_queries: Any) -> None:
        jobs = [submit(alice) for _ in range(30)]
        with django_assert_num_queries(2):
            news = reader.event_news({job.pk: 0 for job in jobs})
        assert all(len(news[job.pk].events) == 1 for job in jobs)

    def test_a_long_backlog_comes_in_parts(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "EVENTS_AT_ONCE", 2)
        job = finished(alice)
        seen: list[int] = []
        while True:
            news = reader.event_news({job.pk: seen[-1] if seen else 0})[job.pk]
            assert len(news.events) <= 2
            seen += [event.seq for event in news.events]
            if news.reached == news.last_seq:
                break
        assert seen == [row["seq"] for row in stored(job)]

    def test_events_that_were_cleared_away_are_passed_over(self, alice: User) -> None:
        job = finished(alice)
        JobEvent.objects.filter(job=job).delete()
        news = reader.event_news({job.pk: 0})[job.pk]
        assert (news.events, news.reached) == ((), news.last_seq)


@STREAMED
class TestStream:
    def test_resumes_at_every_event(self, alice: User, client_for: ClientFor) -> None:
        job, token = finished(alice), token_of(alice)
        polled = client_for(alice).get(url_of(job)).json()["data"]

        async def follow(after: int) -> None:
            async with open_stream(url_of(job), token, last_event_id=str(after)) as stream:
                assert stream.status == 200
                *events, end = await stream.rest()
            assert [event.data for event in events] == polled[after:]
            assert [event.id for event in events] == [str(row["seq"]) for row in polled[after:]]
            assert [event.event for event in events] == [row["type"] for row in polled[after:]]
            assert (end.event, end.id) == ("end", None)
            assert end.data == {"reason": "finished", "status": "succeeded", "last_event": len(polled)}

        async def follow_all() -> None:
            for after in range(len(polled)):
                await follow(after)

        asyncio.run(follow_all())

    def test_nothing_more_to_tell_ends_an_event_source(self, alice: User) -> None:
        job, token = finished(alice), token_of(alice)
        last = len(stored(job))

        async def again() -> list[int]:
            statuses = []
            for header in (str(last), str(last + 100)):
                async with open_stream(url_of(job), token, last_event_id=header) as stream:
                    statuses.append(stream.status)
            return statuses

        assert asyncio.run(again()) == [204, 204]

    def test_tells_what_happens_while_it_happens(self, alice: User) -> None:
        job, token = submit(alice), token_of(alice)

        async def follow() -> list[dict[str, Any]]:
            async with open_stream(url_of(job), token) as stream:
                first = await stream.next()
                assert first.event == "queued"
                work = asyncio.ensure_future(in_thread(runner.run, job.pk))
                *events, _ = await stream.rest()
                await work
            return [first.data, *(event.data for event in events)]

        seen = asyncio.run(follow())
        assert [{k: v for k, v in row.items() if k != "created_at"} for row in seen] == stored(job)
        assert seen[-1]["type"] == "succeeded"

    @pytest.mark.parametrize("split", range(5))
    def test_wherever_it_breaks_and_goes_on_nothing_is_lost_or_doubled(self, alice: User, split: int) -> None:
        job, token = submit(alice), token_of(alice)

        async def follow() -> list[int]:
            seen: list[int] = []
            async with open_stream(url_of(job), token) as stream:
                while len(seen) <= split:
                    seen.append(int((await stream.next()).id or 0))
                    await in_thread(transitions.note, job.pk, "progress", {"percent": len(seen)})
            await in_thread(transitions.note, job.pk, "progress", {"percent": 50})
            async with open_stream(url_of(job), token, last_event_id=str(seen[-1])) as stream:
                seen.append(int((await stream.next()).id or 0))
                await in_thread(runner.run, job.pk)
                seen += [int(event.id) for event in await stream.rest() if event.id]
            return seen

        assert asyncio.run(follow()) == [row["seq"] for row in stored(job)]

    def test_two_readers_see_the_same(self, alice: User) -> None:
        job, token = submit(alice), token_of(alice)

        async def follow(after: int, begun: asyncio.Event) -> list[str | None]:
            async with open_stream(f"{url_of(job)}?after={after}", token) as stream:
                await stream.read()
                begun.set()
                return [event.id for event in await stream.rest()]

        async def both() -> list[list[str | None]]:
            begun = [asyncio.Event(), asyncio.Event()]
            readers = [asyncio.ensure_future(follow(after, begun[after])) for after in (0, 1)]
            await asyncio.gather(*(one.wait() for one in begun))
            await in_thread(runner.run, job.pk)
            return await asyncio.gather(*readers)

        assert asyncio.run(both()) == [["1", "2", "3", None], ["2", "3", None]]

    def test_reaches_its_reader_unchanged(self, alice: User, quick: None) -> None:
        job, token = submit(alice), token_of(alice)

        async def follow() -> tuple[Any, bytes]:
            async with open_stream(url_of(job), token, accept_encoding="gzip, br") as stream:
                assert await stream.read() == b"retry: 2000\n\n"
                await stream.next()
                while b"\n: " not in b"\n" + stream.raw:
                    await stream.read()
                return stream.headers, stream.raw

        headers, raw = asyncio.run(follow())
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-cache, no-transform"
        assert headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in headers
        assert "content-length" not in headers
        assert b"\n: alive\n\n" in b"\n" + raw

    def test_a_number_beyond_the_end_means_the_end(self, alice: User) -> None:
        job, token = submit(alice), token_of(alice)

        async def follow() -> list[str | None]:
            async with open_stream(url_of(job), token, last_event_id="999") as stream:
                await stream.read()
                await in_thread(runner.run, job.pk)
                return [event.id for event in await stream.rest()]

        assert asyncio.run(follow()) == ["2", "3", None]

    def test_the_header_counts_more_than_the_address(self, alice: User) -> None:
        """`EventSource` connects again with the address that it began with."""
        job, token = finished(alice), token_of(alice)

        async def follow() -> str | None:
            async with open_stream(f"{url_of(job)}?after=0", token, last_event_id="3") as stream:
                return (await stream.next()).id

        assert asyncio.run(follow()) == "4"

    @pytest.mark.parametrize("value", ["x", "-1", "1.5", "9" * 30])
    def test_a_bad_last_event_id_is_named(self, alice: User, value: str) -> None:
        job, token = submit(alice), token_of(alice)

        async def ask() -> tuple[int, Any]:
            async with open_stream(url_of(job), token, last_event_id=value) as stream:
                return stream.status, await stream.json()

        status, body = asyncio.run(ask())
        assert status == 422
        assert body["data"]["details"]["fields"][0]["field"] == "Last-Event-ID"

    def test_a_stranger_finds_nothing(self, alice: User, charlie: User) -> None:
        job = submit(alice)

        async def ask(token: str) -> int:
            async with open_stream(url_of(job), token) as stream:
                await stream.json()
                return stream.status

        assert asyncio.run(ask(token_of(charlie))) == 404
        assert asyncio.run(ask("forged")) == 401

    def test_a_deleted_job_ends_it(self, alice: User) -> None:
        job, token = submit(alice), token_of(alice)

        async def follow() -> Any:
            async with open_stream(url_of(job), token) as stream:
                await stream.next()
                await in_thread(Job.objects.filter(pk=job.pk).delete)
                return (await stream.rest())[-1].data["reason"]

        assert asyncio.run(follow()) == "gone"


@STREAMED
class TestLimits:
    def test_ends_with_its_token(self, alice: User, later: Callable[[float], None]) -> None:
        job = submit(alice)
        token = AccessToken(token_of(alice))
        token.set_exp(lifetime=timedelta(seconds=600))

        async def follow() -> list[Any]:
            async with open_stream(url_of(job), str(token)) as stream:
                await stream.next()
                later(600)
                return await stream.rest()

        *_, end = asyncio.run(follow())
        assert (end.event, end.data["reason"], end.data["last_event"]) == ("end", "expired", 1)

    def test_a_reader_who_comes_back_as_told_outlives_any_token(
        self, alice: User, settings: Settings
    ) -> None:
        settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "ACCESS_TOKEN_LIFETIME": timedelta(seconds=0.3)}
        job, token = submit(alice), token_of(alice)

        async def follow() -> tuple[list[int], list[str]]:
            seen: list[int] = []
            ends: list[str] = []
            after = 0
            while True:
                async with open_stream(url_of(job), token, last_event_id=str(after)) as stream:
                    *events, end = await stream.rest()
                seen += [int(event.id) for event in events]
                ends.append(end.data["reason"])
                if end.data["reason"] not in streams.COME_BACK:
                    return seen, ends
                after = end.data["last_event"]
                if len(ends) == 3:
                    await in_thread(lambda: runner.run(job.pk))

        seen, ends = asyncio.run(follow())
        assert seen == list(range(1, len(seen) + 1)), "nothing missed, nothing told twice"
        assert ends == ["expired", "expired", "expired", "finished"]

    def test_lasts_no_longer_than_a_fresh_token(self, alice: User, settings: Settings) -> None:
        job, token = submit(alice), token_of(alice)
        settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "ACCESS_TOKEN_LIFETIME": timedelta(seconds=0.2)}

        async def follow() -> list[Any]:
            async with open_stream(url_of(job), token) as stream:
                return await stream.rest()

        assert asyncio.run(follow())[-1].data["reason"] == "expired"

    def test_who_hangs_up_frees_the_place_at_once(self, alice: User, settings: Settings) -> None:
        settings.STREAMS_PER_USER_MAX = 1
        job, token = submit(alice), token_of(alice)

        async def come_and_go() -> None:
            for _ in range(3):
                async with open_stream(url_of(job), token) as stream:
                    assert stream.status == 200
                    await stream.next()
                    assert len(slots) == 1
                    await stream.hang_up()
                    assert len(slots) == 0
                assert len(hubs.current()) == 0

        asyncio.run(come_and_go())

    @pytest.mark.parametrize(
        ("setting", "status", "code"),
        [("STREAMS_PER_USER_MAX", 429, "TOO_MANY_STREAMS"), ("STREAMS_MAX", 503, "STREAMS_FULL")],
    )
    def test_there_are_only_so_many(
        self, alice: User, bob: User, settings: Settings, setting: str, status: int, code: str
    ) -> None:
        setattr(settings, setting, 1)
        asks = alice if status == 429 else bob
        job, other = submit(alice), submit(asks)
        token, asking = token_of(alice), token_of(asks)

        async def crowd() -> None:
            async with open_stream(url_of(job), token) as stream:
                await stream.next()
                async with open_stream(url_of(other), asking) as refused:
                    assert refused.status == status
                    assert refused.headers["retry-after"] == "30"
                    body = await refused.json()
                    assert (body.get("code") or body["data"]["code"]) == code

        asyncio.run(crowd())

    def test_who_slips_past_the_check_is_told_in_the_stream(self, alice: User, settings: Settings) -> None:
        settings.STREAMS_PER_USER_MAX = 1
        slots.take(alice.pk)

        claims = access_claims(token_of(alice))

        async def follow() -> list[bytes]:
            stream = EventStream(Reader(alice.pk, claims, "en"), job_id=alice.pk, after=7)
            return [chunk async for chunk in stream]

        (chunk,) = asyncio.run(follow())
        slots.free(alice.pk)
        assert b'event: end\ndata: {"reason":"busy","status":null,"last_event":7}' in chunk
