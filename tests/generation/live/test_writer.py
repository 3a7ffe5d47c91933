"""The writer groups, keeps and never splits what is certainly one character."""

import time
from uuid import UUID

import pytest

from generation.jobs.attempts import AttemptLostError
from generation.live import pieces
from generation.live.pieces import Piece
from generation.live.writer import GROUP_SECONDS, LiveWriter
from generation.providers.llm.base import ChatDelta
from launcher.supervisor.broker import Broker
from tests.support.live_texts import Shelf, written
from tests.support.patience import PATIENCE

ANSWER = "你好 👩\u200d👩\u200d👧 e\u0301 🇨🇳🇫🇷 done ✨"


def shown(id: UUID, attempt: int = 1) -> list[Piece]:
    """All pieces, once the last one is there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = pieces.read({(id, attempt): (0, 0)}).get((id, attempt), [])
        if found and found[-1].is_last:
            return found
        time.sleep(0.01)
    raise AssertionError("the last piece never came")


def test_pieces_join_to_the_text_and_none_ends_inside_a_character(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    for character in ANSWER:
        written(writer, character)
        time.sleep(0.02)
    writer.close()
    *parts, last = shown(id)
    assert "".join(part.text for part in parts) == ANSWER == shelf.rows[id].text
    assert [part.position for part in parts] == [
        len("".join(one.text for one in parts[:number])) for number in range(len(parts))
    ]
    assert last.position == len(ANSWER)
    assert not any(part.text.endswith("\u200d") for part in parts)
    assert not any(part.text.count("🇨🇳"[0]) != part.text.count("🇨🇳"[1]) for part in parts)


def test_what_comes_at_once_goes_together(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    began = time.monotonic()
    written(writer, *["字"] * 2_000)
    writer.close()
    parts = shown(id)
    assert len(parts) <= 3 + (time.monotonic() - began) / GROUP_SECONDS
    assert shelf.checkpoints <= 2 + (time.monotonic() - began) / 0.8


def test_a_pause_of_the_vendor_holds_nothing_back(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    written(writer, "eins", "zwei", "drei")
    until = time.monotonic() + PATIENCE
    while sum(len(part.text) for part in pieces.read({(id, 1): (0, 0)}).get((id, 1), [])) < 12:
        assert time.monotonic() < until
        time.sleep(0.005)
    writer.close()


def test_the_row_has_the_first_piece_before_anybody_reads_it(valkey: Broker) -> None:
    """An attempt that comes after a kill -9 must know that there are readers of another text."""
    id, seen = Shelf().new(), []

    def checkpoint(text: str, reasoning: str) -> bool:
        seen.append((text, pieces.read({(id, 1): (0, 0)})))
        return True

    writer = LiveWriter(id, 1, checkpoint)
    written(writer, "first")
    writer.close()
    assert seen[0] == ("first", {})


def test_reasoning_is_another_text(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    writer.on_delta(ChatDelta(reasoning="先想"))
    writer.on_delta(ChatDelta(reasoning="一想", text="答"))
    written(writer, "案")
    writer.close()
    parts = shown(id)
    assert "".join(part.text for part in parts) == shelf.rows[id].text == "答案"
    assert "".join(part.reasoning for part in parts) == shelf.rows[id].reasoning == "先想一想"


def test_what_no_database_takes_is_shown_to_nobody(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    written(writer, "a\0b", "\0", "c")
    writer.close()
    assert "".join(part.text for part in shown(id)) == "abc" == shelf.rows[id].text


def test_an_attempt_that_was_given_up_is_told(valkey: Broker) -> None:
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    shelf.finish(id, "", "failed")
    with pytest.raises(AttemptLostError):
        written(writer, "late")
    writer.close()
    assert shelf.rows[id].text == ""


def test_silence_is_an_occasion_to_keep_what_came(valkey: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.live.writer.CHECKPOINT_SECONDS", 0.0)
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    written(writer, "one", "👩\u200d")
    writer.on_delta(ChatDelta())
    assert shelf.rows[id].text == "one"
    written(writer, "👧")
    assert shelf.rows[id].text == "one👩\u200d👧"
    writer.close()


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_without_valkey_the_rows_have_it_all(url: str, settings: object) -> None:
    settings.REDIS_URL = url  # type: ignore[attr-defined]
    shelf = Shelf()
    id = shelf.new()
    writer = shelf.writer(id)
    written(writer, *ANSWER)
    writer.close()
    assert shelf.rows[id].text == ANSWER
    pieces.outage.end()
