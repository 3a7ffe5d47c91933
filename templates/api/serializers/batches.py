"""Shapes of batches."""

from typing import Any

from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Json, One, StoredError, Text, Time, Uuid, truth
from config.api.lists.read_models import ReadModel
from config.api.serializers import BoundedListField, StrictSerializer
from config.api.shapes import EstimateOut, JobError
from config.languages import Language
from config.sql.json_text import json_counts
from generation.domain.states import JobStatus
from generation.models.items import ItemState
from generation.models.jobs import is_paused
from templates.api.serializers.sources import ContentTemplateBrief, ProjectBrief
from templates.domain.grid import MAX_ITEMS
from templates.models import BatchItem, Document, TemplateBatch
from templates.models.batches import ITEM_CONDITIONS, ITEM_STATE

LANGUAGES = Language.values
#: Any of these says what a batch is about; without one it would quietly be about everything.
SCOPES = ("project_ids", "template_codes", "category_code", "limit", "only_stale", "demo_mode", "all")


class BatchEstimateCreateIn(StrictSerializer):
    """What a batch would make: projects × templates × languages."""

    default_error_messages = {"duplicate": _("A language stands here twice.")}

    languages = BoundedListField(
        child=serializers.ChoiceField(LANGUAGES), min_length=1, max_length=len(LANGUAGES), default=LANGUAGES
    )
    project_ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=MAX_ITEMS,
        required=False,
        help_text="Left out: all of yours.",
    )
    template_codes = BoundedListField(
        child=serializers.SlugField(max_length=80), max_length=1_000, required=False
    )
    category_code = serializers.SlugField(max_length=60, required=False)
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_ITEMS, required=False, help_text="At most this many items run."
    )
    all = serializers.BooleanField(
        default=False, help_text="Every project × template × language that is missing or asked for again."
    )
    skip_existing = serializers.BooleanField(default=True)
    only_stale = serializers.BooleanField(
        default=False, help_text="Exactly the documents whose inputs have changed."
    )
    overwrite_edited = serializers.BooleanField(
        default=False, help_text="Also documents that a person wrote or changed; otherwise they are skipped."
    )
    mode = serializers.ChoiceField(
        ["native", "translated"],
        default="native",
        help_text="`translated` writes the first language and translates it into the other.",
    )
    demo_mode = serializers.BooleanField(default=False, help_text="The sandbox answers; nothing is paid.")
    model = serializers.CharField(
        max_length=161,
        required=False,
        help_text="A name of the catalogue, `model` or `provider:model`, or the model of a key of yours; left out: the "
        "preferred one. `sandbox-priced` rehearses budgets in play money.",
    )
    small_model_may_replace = serializers.BooleanField(
        default=False,
        help_text="Let the small local model write over documents of larger models and of persons. By default it "
        "writes only what doesn't exist.",
    )
    concurrency = serializers.IntegerField(min_value=1, max_value=100, required=False)

    def validate_languages(self, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            self.fail("duplicate")
        return value


class BatchGenerateIn(BatchEstimateCreateIn):
    """What a batch should make. It names what it is about, or says `"all": true`."""

    default_error_messages = {
        "scope_missing": _(
            "Say what the batch is about: project_ids, template_codes, category_code, only_stale or a limit; "
            'or "all": true for everything.'
        ),
    }

    dry_run = serializers.BooleanField(
        default=False, help_text="Counts and cost, as `…/estimate` answers; nothing is made."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A rehearsal may be about everything; what costs money says so."""
        if not attrs["dry_run"] and not any(attrs.get(name) for name in SCOPES):
            raise serializers.ValidationError(
                {"all": [self.error_messages["scope_missing"]]}, code="scope_missing"
            )
        return attrs


class BatchEstimateOut(EstimateOut):
    """What a batch would make and cost. Nothing was made."""

    dry_run = serializers.BooleanField(help_text="Always true.")
    total = serializers.IntegerField(help_text="Items that there would be.")
    to_run = serializers.IntegerField(help_text="Of them, those that something would be written for.")
    skipped = serializers.DictField(child=serializers.IntegerField(), help_text="The others, by the reason.")


ItemCounts = type(
    "ItemCounts",
    (serializers.Serializer,),
    {
        "__doc__": "How many items of a batch are in each state.",
        **{state.value: serializers.IntegerField() for state in ItemState},
    },
)


class TemplateBatchOut(ReadModel, source_model=TemplateBatch):
    """A batch and how far it is; `counts` always sum to `total`. Its id is its job's."""

    id = Uuid()
    job_id = Uuid("job", help="The same as `id`.")
    status = Choice(JobStatus, "job__status", help="Its job's.", example="waiting")
    is_paused = Bool(expression=truth(is_paused("job__")))
    is_cancel_requested = Bool(expression=truth(Q(job__cancel_requested_at__isnull=False)))
    is_test = Bool("job__is_test", help="Whether only the sandbox is called.")
    progress = Int("job__progress", help="Percent.", example=42)
    total = Int(example=12)
    counts = Json(
        expression=json_counts(
            BatchItem.objects.filter(batch=OuterRef("pk")),
            "batch",
            {state.value: condition for state, condition in ITEM_CONDITIONS.items()},
        ),
        shape=ItemCounts,
        example={"pending": 4, "running": 3, "succeeded": 4, "skipped": 1, "failed": 0, "cancelled": 0},
    )
    params = Json(help="What was asked for.", example={"category_code": "product", "limit": 5})
    error = StoredError("job__error", shape=JobError)
    created_at = Time()
    started_at = Time("job__started_at")
    paused_at = Time("job__paused_at")
    finished_at = Time("job__finished_at")


#: The document in an item's cell.
FOUND = Subquery(
    Document.objects.filter(
        project_id=OuterRef("project_id"),
        content_template_id=OuterRef("content_template_id"),
        language=OuterRef("language"),
    ).values("pk")[:1]
)


class BatchItemOut(ReadModel, source_model=BatchItem):
    """One cell of a batch: a project told by a template in a language."""

    id = Uuid()
    position = Int()
    status = Choice(ItemState, expression=ITEM_STATE, example="succeeded")
    project = One(ProjectBrief)
    content_template = One(ContentTemplateBrief)
    language = Choice(Language)
    skip_reason = Text(
        help="Why nothing was made: the document is `fresh` or `stale`, a person's (`edited`), a larger model's or a "
        "person's where only the small local model could be asked (`better`), `missing` though only stale ones were "
        "wanted, or another batch is going to write it (`pending`). Empty unless skipped.",
        example="fresh",
    )
    job_id = Uuid("job")
    document_id = Uuid(
        expression=Case(When(skip_reason="", then=F("job__document_version__document_id")), default=FOUND),
        null=True,
        help="What came of it; of a skipped item, what was there already.",
    )
    attempt = Int("job__attempt")
    error = StoredError("job__error", shape=JobError)
    finished_at = Time("job__finished_at")
