"""Shapes of jobs: what the API shows of them."""

from rest_framework import serializers

from config.api.lists import Bool, Choice, Int, Json, ReadModel, Text, Time, Uuid
from generation.domain.states import JobStatus
from generation.models import Job, JobEvent


class JobError(serializers.Serializer[dict[str, object]]):
    """Why a job failed, in both languages."""

    code = serializers.CharField()
    en = serializers.CharField()
    zh = serializers.CharField()
    retryable = serializers.BooleanField()
    charged = serializers.BooleanField(
        allow_null=True, help_text="Whether money was spent; null: nobody knows yet."
    )
    details = serializers.JSONField(allow_null=True)


class JobOut(ReadModel, source_model=Job):
    """A piece of work, and how far it is."""

    id = Uuid()
    kind = Text()
    status = Choice([status.value for status in JobStatus])
    progress = Int(help="Percent.")
    attempt = Int()
    max_attempts = Int()
    is_test = Bool(help="Whether only the sandbox is called.")
    parent_id = Uuid("parent")
    input = Json()
    output = Json()
    error = Json(shape=JobError)
    provider = Text()
    last_event = Int("event_seq", help="Number of the latest event.")
    not_before = Time(help="When the next attempt may begin.")
    paused_at = Time()
    cancel_requested_at = Time()
    created_at = Time()
    updated_at = Time()
    started_at = Time()
    finished_at = Time()


class JobEventOut(ReadModel, source_model=JobEvent):
    """Something that happened to a job, numbered from 1 without gaps."""

    seq = Int()
    type = Text()
    data = Json()
    created_at = Time()
