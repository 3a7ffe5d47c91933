"""Shapes of jobs, their calls, and the queues: what the API shows of them."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Json, Many, StoredError, Text, Time, Uuid, truth
from config.api.lists.read_models import ReadModel
from config.api.shapes import JobCost, JobError
from config.sql.json_text import JsonArray
from generation.domain.prices import CURRENCY
from generation.domain.states import CallStatus, JobStatus
from generation.models import Job, JobEvent, ProviderCall
from generation.models.jobs import is_paused
from generation.selectors.costs import CostOf

#: Calls that a job shows; the admin shows them all.
CALLS_SHOWN = 100


class FirstOf(Many):
    """Related rows as a nested array, the first `limit` of them."""

    def __init__(self, *args: Any, limit: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.limit = limit

    def json(self, model: Any, prefix: str) -> JsonArray:
        array = super().json(model, prefix)
        array.query.set_limits(high=self.limit)
        return array


class CallOut(ReadModel, source_model=ProviderCall):
    """A row of the ledger: one call that may cost money."""

    id = Uuid()
    step = Text(help="What was bought, within its job.", example="document")
    attempt = Int()
    feature = Text(example="templates.document")
    capability = Text(example="llm")
    provider = Text(example="deepseek")
    model = Text(example="deepseek-flash")
    status = Choice(CallStatus, example="settled")
    reserved_micros = Int(help="The most that it may cost.", example=5280)
    cost_micros = Int(help="What it cost; null: not known yet.", example=1904)
    currency = Text(example=CURRENCY)
    price_version = Text(example="list-2026-09-10")
    input_tokens = Int(example=812)
    output_tokens = Int(example=1532)
    cached_tokens = Int(example=0)
    reasoning_tokens = Int(help="Part of the output.", example=0)
    is_estimate = Bool(help="The provider named no figures, so they were counted here.")
    is_test = Bool(help="Play money of the sandbox.")
    is_own_key = Bool(help="Made with a key of your own: you paid the provider, and no budget counts it.")
    is_resolved = Bool(
        expression=truth(~Q(resolution="")),
        help="The outcome was unknown, and somebody has decided about it.",
    )
    error_code = Text()
    repeats_id = Uuid("repeats", help="The earlier purchase with an unknown outcome that this one repeats.")
    created_at = Time()
    sent_at = Time()
    settled_at = Time()


class JobOut(ReadModel, source_model=Job):
    """A piece of work, and how far it is."""

    id = Uuid()
    kind = Text(example="templates.batch")
    parent_id = Uuid("parent", help="The batch that this is an item of.")
    position = Int(help="Place among the items of its parent, from 1; 0: it is no item.")
    status = Choice(JobStatus, example="waiting")
    is_paused = Bool(expression=truth(is_paused()))
    is_cancel_requested = Bool(expression=truth(Q(cancel_requested_at__isnull=False)))
    is_test = Bool(help="Whether only the sandbox is called.")
    progress = Int(help="Percent.", example=42)
    attempt = Int(help="How often a worker has taken it up.")
    failures = Int(help="Failed attempts since somebody last asked for it.")
    max_failures = Int(example=4)
    error = StoredError(shape=JobError)
    last_event = Int("event_seq", help="Number of the latest event.")
    not_before = Time(help="When the next attempt may begin.")
    created_at = Time()
    updated_at = Time()
    started_at = Time()
    finished_at = Time()


class JobDetailOut(JobOut):
    """A job with what went in, what came out, and what it cost."""

    input = Json(example={"languages": ["zh", "en"]})
    output = Json()
    cost = Json(
        shape=JobCost,
        expression=CostOf(),
        example={
            "cost_micros": 1904,
            "reserved_micros": 0,
            "currency": CURRENCY,
            "input_tokens": 812,
            "output_tokens": 1532,
            "calls": 1,
            "uncertain_calls": 0,
        },
    )
    calls = FirstOf(
        CallOut, order_by=("created_at", "pk"), limit=CALLS_SHOWN, help=f"The first {CALLS_SHOWN}."
    )


class JobEventOut(ReadModel, source_model=JobEvent):
    """Something that happened to a job, numbered from 1 without gaps."""

    seq = Int()
    type = Text(example="started")
    data = StoredError(within="error", example={"worker": "host:4711:6d1f2c3b"})
    created_at = Time()


class ActiveCounts(serializers.Serializer[Any]):
    """Jobs that aren't over, by status."""

    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="A provider works on it, or its items run.")


class QueueOut(serializers.Serializer[Any]):
    """A queue and who works on it."""

    queue = serializers.CharField()
    alive = serializers.IntegerField(help_text="Workers heard of within a lease.")
    in_flight = serializers.IntegerField()
    seen_at = serializers.DateTimeField(allow_null=True)
    messages = serializers.IntegerField(
        allow_null=True, help_text="At the broker; null: it can't be reached."
    )


class WorkerOut(serializers.Serializer[Any]):
    """A worker's latest heartbeat."""

    id = serializers.CharField()
    queues = serializers.CharField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    in_flight = serializers.IntegerField()
    is_alive = serializers.BooleanField()
    started_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()


class QueueStatusOut(serializers.Serializer[Any]):
    """How the queues are doing; all but the first two members are for staff."""

    own = ActiveCounts()
    workers_alive = serializers.IntegerField(help_text="Workers that take jobs.")
    all = ActiveCounts(required=False)
    oldest_queued_at = serializers.DateTimeField(required=False, allow_null=True)
    oldest_queued_seconds = serializers.FloatField(required=False, allow_null=True)
    queues = QueueOut(many=True, required=False)
    workers = WorkerOut(many=True, required=False)
