"""A reader has what the row has, byte for byte: wherever it comes from, however often, whatever went away meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import pytest
import redis

from generation.live import pieces, text_hub
from generation.live.texts import newest
from generation.providers.llm.base import ChatDelta
from launcher.supervisor.broker import Broker
from tests.support.live_texts import Shelf, TextReader, written

ANSWER = [
    *"你好，世界！",
    "👩\u200d",
    "👩\u200d👧",
    " e",
    "\u0301 ",
    "🇨",
    "🇳",
    *"Ende ✨",
    "\n\n```x```\n",
] * 4
TEXT = "".join(ANSWER)
T = TypeVar("T")


def while_written(
    shelf: Shelf, id: UUID, read: Callable[[], Awaitable[T]], *, meanwhile: dict[int, Callable[[], None]]
) -> T:
    """Write the answer in a thread, with something else happening at some of its pieces, and read along."""

    def write() -> None:
        writer = shelf.writer(id)
        for number, text in enumerate(ANSWER):
            if number in meanwhile:
                meanwhile[number]()
            written(writer, text)
            time.sleep(0.005)
        writer.close()
        shelf.finish(id, TEXT)

    async def both() -> T:
        writing = asyncio.create_task(asyncio.to_thread(write))
        found = await read()
        await writing
        return found

    return asyncio.run(both())


def emptied(valkey: Broker) -> Callable[[], None]:
    def empty() -> None:
        with redis.Redis.from_url(valkey.url) as client:
            client.flushall()

    return empty


async def dropping(shelf: Shelf, id: UUID) -> TextReader:
    """A reader that goes after each new piece, and comes back to another process."""
    reader, reason = TextReader(), ""
    while not reason:
        had = len(reader.text)
        reason = await reader.follow(shelf.hub(), id, until=lambda one, had=had: len(one.text) > had)
    assert reason == "finished"
    return reader


async def staying(shelf: Shelf, id: UUID) -> TextReader:
    reader = TextReader()
    assert await reader.follow(shelf.hub(), id) == "finished"
    return reader


@pytest.mark.parametrize("read", [staying, dropping])
@pytest.mark.parametrize("what", ["nothing", "emptied", "killed", "away"])
def test_reads_what_was_written(
    valkey: Broker, what: str, read: Callable[[Shelf, UUID], Awaitable[TextReader]]
) -> None:
    shelf = Shelf()
    id = shelf.new()
    meanwhile: dict[int, Callable[[], None]] = {
        "nothing": {},
        "emptied": {10: emptied(valkey), 50: emptied(valkey)},
        "killed": {20: valkey.kill, 60: lambda: valkey.start() and None},
        "away": {5: valkey.kill},
    }[what]
    reader = while_written(shelf, id, lambda: read(shelf, id), meanwhile=meanwhile)
    assert reader.text == TEXT == shelf.rows[id].text


def test_many_readers_cost_one_reading(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()

    async def read() -> tuple[list[TextReader], int]:
        hub = shelf.hub()
        readers = [TextReader() for _ in range(50)]
        await asyncio.gather(*(one.follow(hub, id) for one in readers))
        return readers, len(hub)

    readers, left = while_written(shelf, id, read, meanwhile={})
    assert {one.text for one in readers} == {TEXT}
    assert left == 0
    assert shelf.reads < 50


def test_who_comes_back_in_time_costs_no_reading(valkey: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)

    async def read() -> None:
        hub = shelf.hub()
        reader = TextReader()
        for number, piece in enumerate("写一点"):
            written(writer, piece)
            await reader.follow(hub, id, until=lambda one, number=number: len(one.text) > number)
        assert (reader.text, shelf.reads) == ("写一点", 1)
        monkeypatch.setattr(text_hub, "LINGER_SECONDS", 0.0)
        while hub.known(id) is not None:
            await asyncio.sleep(0.005)
        written(writer, "。")
        await reader.follow(hub, id, until=lambda one: one.text == "写一点。")
        assert shelf.reads > 1

    asyncio.run(read())


def test_a_finished_text_goes_on_from_everywhere(settings: object) -> None:
    settings.REDIS_URL = ""  # type: ignore[attr-defined]
    shelf = Shelf()
    id = shelf.new()
    shelf.finish(id, TEXT)

    async def read() -> None:
        for position in range(len(TEXT) + 1):
            reader = TextReader(text=TEXT[:position] + "what is too much", last_id=position)
            await reader.follow(shelf.hub(), id)
            assert (reader.text, reader.deltas) == (TEXT, 1) if position < len(TEXT) else not reader.deltas

    asyncio.run(read())


@pytest.mark.parametrize("is_over", [True, False])
def test_who_has_more_than_there_is_is_cut(is_over: bool, settings: object) -> None:
    settings.REDIS_URL = ""  # type: ignore[attr-defined]
    shelf = Shelf()
    id = shelf.new()
    shelf.change(id, text="short")
    if is_over:
        shelf.finish(id, "short", "interrupted")
    reader = TextReader(text="short and more", last_id=14)
    asyncio.run(reader.follow(shelf.hub(), id, until=lambda one: one.deltas > 0))
    assert reader.text == "short"


def test_a_text_that_was_begun_anew_is_read_from_the_beginning(valkey: Broker) -> None:
    """Thoughts without an opening tag are known as such at the end only."""
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    staying, returning = TextReader(), TextReader()

    async def read() -> None:
        hub = shelf.hub()
        follow = asyncio.create_task(staying.follow(hub, id))
        written(writer, "I think that ", "it is ")
        await returning.follow(hub, id, until=lambda one: "it is" in one.text)
        writer.on_delta(ChatDelta(finish_reason="stop", misplaced=19))
        writer.close()
        shelf.finish(id, "42", is_rewritten=True)
        assert await follow == "finished"
        await returning.follow(shelf.hub(), id)

    asyncio.run(read())
    assert staying.text == returning.text == "42"


def test_another_attempt_ends_what_a_dead_worker_has_left(valkey: Broker) -> None:
    """It finds more in Valkey than in the row, and keeps that; readers are told the end."""
    shelf = Shelf()
    id = shelf.new()
    dead = shelf.writer(id)

    async def read() -> TextReader:
        reader = TextReader()
        follow = asyncio.create_task(reader.follow(shelf.hub(), id))
        written(dead, "kept", " and shown")
        while reader.text != "kept and shown":
            await asyncio.sleep(0.005)
        assert shelf.rows[id].text == "kept"
        shelf.change(id, head=replace(shelf.rows[id].head, attempt=1))
        found = newest(id, shelf.rows[id])
        shelf.change(id, head=replace(found.head, attempt=2))
        shelf.finish(id, found.text, "interrupted")
        assert await follow == "finished"
        return reader

    reader = asyncio.run(read())
    assert reader.text == shelf.rows[id].text == "kept and shown"


def test_a_second_attempt_is_found_by_who_waits_for_the_first(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()

    async def read() -> TextReader:
        reader = TextReader()
        follow = asyncio.create_task(reader.follow(shelf.hub(), id))
        shelf.writer(id, 1).close()  # refused before the first word
        second = shelf.writer(id, 2)
        written(second, "now")
        while not reader.text:
            await asyncio.sleep(0.005)
        second.close()
        shelf.finish(id, "now")
        await follow
        return reader

    assert asyncio.run(read()).text == "now"


def test_reasoning_is_told_to_who_asks_for_it(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)

    async def read() -> list[TextReader]:
        hub = shelf.hub()
        asking, other, late = TextReader(), TextReader(), TextReader()
        tasks = [
            asyncio.create_task(asking.follow(hub, id, with_reasoning=True)),
            asyncio.create_task(other.follow(hub, id)),
        ]
        writer.on_delta(ChatDelta(reasoning="先想一想。"))
        while not asking.reasoning:
            await asyncio.sleep(0.005)
        writer.on_delta(ChatDelta(text="答案", reasoning="好。"))
        writer.close()
        shelf.finish(id, "答案", reasoning="先想一想。好。")
        await asyncio.gather(*tasks)
        await late.follow(shelf.hub(), id, with_reasoning=True)
        return [asking, other, late]

    found = [(one.text, one.reasoning) for one in asyncio.run(read())]
    assert found == [("答案", "先想一想。好。"), ("答案", ""), ("答案", "先想一想。好。")]


def test_what_is_deleted_ends_its_readers(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    shelf.change(id, text="so far")
    reader = TextReader()

    async def read() -> list[str]:
        hub = shelf.hub()
        follow = asyncio.create_task(reader.follow(hub, id))
        while not reader.text:
            await asyncio.sleep(0.005)
        del shelf.rows[id]
        return [await follow, await TextReader().follow(shelf.hub(), id)]

    assert asyncio.run(read()) == ["gone", "gone"]


def test_who_takes_nothing_holds_nobody_up_and_is_ended() -> None:
    shelf = Shelf()
    id = shelf.new()
    shelf.change(id, text="for you")

    async def read() -> str:
        hub = shelf.hub(slow_seconds=0.2)

        async def sleep() -> str:
            subscription = hub.join(id)
            while not subscription.ended:
                await asyncio.sleep(0.01)
            hub.leave(subscription)
            return subscription.ended

        sleeping = asyncio.create_task(sleep())
        reader = TextReader()
        await reader.follow(hub, id, until=lambda one: one.text == "for you")
        return await sleeping

    assert asyncio.run(read()) == "slow_reader"


def test_what_valkey_says_is_taken_as_far_as_nothing_is_missing(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    shelf.change(id, text="ab")
    pieces.write([((id, 1), pieces.Piece(0, "abc")), ((id, 1), pieces.Piece(3, "d"))])
    pieces.write([((id, 1), pieces.Piece(9, "z"))])
    assert newest(id, shelf.rows[id]).text == "ab"
    shelf.change(id, text="abc")
    assert newest(id, shelf.rows[id]).text == "abcd"
