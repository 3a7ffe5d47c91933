"""A source of live texts in memory, and a reader that does what the API tells readers to do."""

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from threading import Lock
from uuid import UUID

from config.db import uuid7
from generation.live.text_hub import LiveHub, LiveSubscription
from generation.live.texts import LiveHead, LiveText
from generation.live.writer import LiveWriter
from generation.providers.llm.base import ChatDelta
from tests.support.patience import PATIENCE


@dataclass
class Shelf:
    """Texts and what their rows say, for any number of hubs and writers."""

    rows: dict[UUID, LiveText] = field(default_factory=dict)
    checkpoints: int = 0
    reads: int = 0
    _lock: Lock = field(default_factory=Lock)

    def new(self) -> UUID:
        id = uuid7()
        self.rows[id] = LiveText(LiveHead(1, "streaming", is_over=False, characters=0), "")
        return id

    def change(self, id: UUID, **values: object) -> None:
        with self._lock:
            row = replace(self.rows[id], **values)  # type: ignore[arg-type]
            self.rows[id] = replace(row, head=replace(row.head, characters=len(row.text)))

    def writer(self, id: UUID, attempt: int = 1) -> LiveWriter:
        def checkpoint(text: str, reasoning: str) -> bool:
            self.checkpoints += 1
            row = self.rows[id]
            if row.head.is_over or row.head.attempt > attempt:
                return False
            self.change(id, head=replace(row.head, attempt=attempt), text=text, reasoning=reasoning)
            return True

        return LiveWriter(id, attempt, checkpoint)

    def finish(self, id: UUID, text: str, status: str = "complete", **values: object) -> None:
        head = replace(self.rows[id].head, status=status, is_over=True)
        self.change(id, head=head, text=text, **values)

    def heads(self, ids: Collection[UUID]) -> dict[UUID, LiveHead]:
        return {id: self.rows[id].head for id in ids if id in self.rows}

    def read(self, ids: Collection[UUID]) -> dict[UUID, LiveText]:
        self.reads += 1
        return {id: self.rows[id] for id in ids if id in self.rows}

    def hub(self, **options: float) -> LiveHub:
        """As another process has it."""
        return LiveHub(self, set, **{"interval": 0.05, **options})


@dataclass
class TextReader:
    """What a client keeps: the text, the reasoning, and the id of the last event."""

    text: str = ""
    reasoning: str = ""
    last_id: int = 0
    deltas: int = 0

    def take(self, chunk: bytes) -> None:
        for block in chunk.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "data" not in fields:
                continue
            data = json.loads(fields["data"])
            if fields["event"] == "delta":
                self.last_id = int(fields["id"])
                self.text = self.text[: self.last_id] + data["text"]
                self.deltas += 1
            elif fields["event"] == "reasoning":
                self.reasoning = self.reasoning[: data["at"]] + data["text"]

    async def follow(
        self,
        hub: LiveHub,
        id: UUID,
        *,
        with_reasoning: bool = False,
        until: Callable[["TextReader"], bool] = lambda reader: False,
    ) -> str:
        """Read until the end, whose reason is returned, or until `until` says so."""
        subscription = hub.join(id, self.last_id, with_reasoning=with_reasoning)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._read(subscription, until)
        finally:
            hub.leave(subscription)

    async def _read(self, subscription: LiveSubscription, until: Callable[["TextReader"], bool]) -> str:
        while True:
            chunk = await subscription.take(0.05)
            self.take(chunk)
            if until(self):
                return ""
            if not chunk and subscription.ended:
                return subscription.ended


def written(writer: LiveWriter, *texts: str) -> None:
    for text in texts:
        writer.on_delta(ChatDelta(text=text))
