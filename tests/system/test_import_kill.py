"""kill -9 in the middle of an import: what was brought in stays, nothing is there twice, and the rest follows."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from conversations.models import Conversation, ConversationImportItem, Message
from conversations.services.imports import import_create
from tests.conversations.exports import chatgpt, chatgpt_node
from tests.support.processes import House

pytestmark = pytest.mark.system

MANY, LONG = 150, 60


def conversation(number: int) -> dict[str, Any]:
    turns = [
        chatgpt_node(
            f"{turn}", f"{turn - 1}" if turn else None, ("user", "assistant")[turn % 2], f"第 {turn} 句"
        )
        for turn in range(LONG)
    ]
    return chatgpt(*turns, id=f"c{number}", conversation_id=f"c{number}", title=f"茶 {number}")


def test_an_import_survives_its_worker(home: House, settings: Any) -> None:
    location = {"location": str(Path(home.folder) / "media")}
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "config.files.storages.DiskStorage", "OPTIONS": location},
    }
    file = BytesIO(json.dumps([conversation(number) for number in range(MANY)]).encode())
    with home.worker() as worker:
        made = import_create(owner_id=home.owner.pk, source=file, name="conversations.json")
        items = ConversationImportItem.objects.filter(conversation_import=made)
        home.until(lambda: items.count() >= 10, "some conversations")
        worker.kill()
    assert items.count() < MANY
    home.lapse()
    with home.worker():
        home.until_over(made.job)
    made.job.refresh_from_db()
    assert (made.job.status, made.job.output) == (
        "succeeded",
        {"imported": MANY, "present": 0, "refused": 0},
    )
    assert list(items.order_by("position").values_list("position", flat=True)) == list(range(MANY))
    assert (Conversation.objects.count(), Message.objects.count()) == (MANY, MANY * LONG)
