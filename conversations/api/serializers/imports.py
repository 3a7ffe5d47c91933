"""Shapes of files of conversations that are brought in."""

from typing import Any

from django.db.models import OuterRef, Q
from rest_framework import serializers

from config.api.lists.fields import Choice, Int, Json, StoredError, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer
from config.api.shapes import JobError
from config.sql.json_text import json_counts
from conversations.domain.transfers import ImportState
from conversations.models import ConversationImport, ConversationImportItem
from generation.domain.states import JobStatus


class ImportCounts(serializers.Serializer[Any]):
    """How many conversations of a file became what."""

    imported = serializers.IntegerField(help_text="Conversations that it brought.")
    present = serializers.IntegerField(help_text="Those that were there already.")
    refused = serializers.IntegerField(help_text="Those that couldn't be read.")


class ConversationImportOut(ReadModel, source_model=ConversationImport):
    """A file of conversations, and how far it is brought in. Its id is its job's."""

    id = Uuid()
    job_id = Uuid("job", help="The same as `id`.")
    status = Choice(JobStatus, "job__status", help="Its job's.", example="running")
    progress = Int("job__progress", help="Percent.", example=42)
    name = Text(help="What the file is called.", example="conversations.json")
    size = Int(help="Of the file, in bytes.", example=18_211_404)
    counts = Json(
        expression=json_counts(
            ConversationImportItem.objects.filter(conversation_import=OuterRef("pk")),
            "conversation_import",
            {state.value: Q(state=state.value) for state in ImportState},
        ),
        shape=ImportCounts,
        help="What became of its conversations so far.",
        example={"imported": 312, "present": 4, "refused": 1},
    )
    error = StoredError(
        "job__error", shape=JobError, help="Why the file couldn't be read on; null: it could."
    )
    created_at = Time()
    finished_at = Time("job__finished_at")


class ConversationImportItemOut(ReadModel, source_model=ConversationImportItem):
    """What became of one conversation of a file."""

    id = Uuid()
    position = Int(help="Where it stands in the file, from 0.", example=17)
    state = Choice(
        ImportState, help="`present`: it was there already, and stays as it is.", example="imported"
    )
    title = Text(example="绿茶怎么泡 Brewing green tea")
    source_key = Text(
        help="What names it wherever it is met again.", example="chatgpt:6b0f0d9c-0000-4000-8000-1"
    )
    conversation_id = Uuid("conversation", help="The conversation here; null: none, or it was deleted since.")
    messages = Int(help="Messages that it brought.", example=24)
    omitted = Json(
        shape=serializers.DictField,
        help=(
            "What stayed behind, counted: `files` (their names stand in the text), calls of `tools`, what was "
            "`hidden`, `characters` that can't be stored."
        ),
        example={"files": 2},
    )
    error = StoredError(shape=JobError, help="Why it was refused; null: it wasn't.")


class ConversationImportCreateIn(StrictSerializer):
    """A file of conversations."""

    file = serializers.FileField(
        max_length=None, help_text="Ours, ChatGPT's (JSON or the whole ZIP), Open WebUI's or LibreChat's."
    )
