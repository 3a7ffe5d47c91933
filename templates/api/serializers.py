"""Shapes of the document factory: what the API shows of it."""

from django.db.models import Case, OuterRef, Q, TextField, Value, When
from django.utils.translation import gettext as _
from rest_framework import serializers

from config.api.lists import Bool, Choice, Int, Json, Many, One, ReadModel, Text, Time, Uuid, json_counts
from config.api.serializers import StrictSerializer
from generation.domain.origins import SMALL_MODELS
from templates.domain.project_csv import MAX_CELL_LENGTHS as LENGTHS
from templates.models import (
    BatchItem,
    Category,
    ContentTemplate,
    Document,
    DocumentVersion,
    Project,
    TemplateBatch,
)
from templates.models.batches import ITEM_STATUS
from templates.models.documents import STALE

LANGUAGES = ("zh", "en")
ITEM_STATUSES = ("pending", "running", "succeeded", "skipped", "failed", "cancelled")
BATCH_STATUSES = ("pending", "running", "paused", "succeeded", "failed", "cancelled")

#: A batch is as its parent job is, in words that fit a batch.
BATCH_STATUS = Case(
    When(job__status="succeeded", then=Value("succeeded")),
    When(job__status="failed", then=Value("failed")),
    When(job__status="cancelled", then=Value("cancelled")),
    When(job__paused_at__isnull=False, then=Value("paused")),
    When(job__status="queued", then=Value("pending")),
    default=Value("running"),
    output_field=TextField(),
)
#: What `ITEM_STATUS` says, as conditions that the database can count by. Their counts sum to the batch's total.
ITEM_CONDITIONS = {
    "pending": Q(job__status="queued"),
    "running": Q(job__status__in=["running", "waiting"]),
    "succeeded": Q(job__status="succeeded"),
    "skipped": Q(job=None),
    "failed": Q(job__status="failed"),
    "cancelled": Q(job__status="cancelled"),
}


#: Of documents and versions alike: both name their provider.
IS_SMALL_MODEL = Case(When(provider__in=sorted(SMALL_MODELS), then=Value(True)), default=Value(False))
IS_SMALL_MODEL_HELP = "Whether a small local model wrote it: say so where you show the text, and check it."


class ItemCounts(serializers.Serializer[dict[str, int]]):
    """How many items of a batch are in each state."""

    pending = serializers.IntegerField()
    running = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    skipped = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class ProjectBrief(ReadModel, source_model=Project):
    """A project, as much as it takes to name it."""

    id = Uuid()
    code = Text()
    name_zh = Text()
    name_en = Text()


class CategoryBrief(ReadModel, source_model=Category):
    """A category, as much as it takes to name it."""

    id = Uuid()
    code = Text()
    name_zh = Text()
    name_en = Text()


class ContentTemplateBrief(ReadModel, source_model=ContentTemplate):
    """A content template, as much as it takes to name it."""

    id = Uuid()
    code = Text()
    name_zh = Text()
    name_en = Text()


class CategoryOut(CategoryBrief):
    """A shelf of the template library."""

    is_shown = Bool()
    order = Int()
    created_at = Time()
    updated_at = Time()


class ProjectOut(ProjectBrief):
    """A product that documents are written about. One language's texts may be empty."""

    description_zh = Text()
    description_en = Text()
    website = Text()
    created_at = Time()
    updated_at = Time()


class ContentTemplateOut(ContentTemplateBrief):
    """A bilingual recipe for one kind of document."""

    category = One(CategoryBrief)
    description_zh = Text()
    description_en = Text()
    prompt_zh = Text()
    prompt_en = Text()
    order = Int()
    is_active = Bool()
    is_shared = Bool(
        expression=Case(When(owner=None, then=Value(True)), default=Value(False)),
        help="Whether it belongs to the shared library, which only the staff change.",
    )
    created_at = Time()
    updated_at = Time()


class DocumentOut(ReadModel, source_model=Document):
    """A document without its text."""

    id = Uuid()
    project = One(ProjectBrief)
    content_template = One(ContentTemplateBrief)
    language = Choice(LANGUAGES)
    source_language = Choice(LANGUAGES, help="Another one than `language` for a translation.")
    title = Text()
    version = Int(help="Number of the latest version.")
    characters = Int()
    is_stale = Bool(
        expression=STALE, help="Whether the project or template has changed since the latest version."
    )
    provider = Text()
    model = Text()
    is_small_model = Bool(expression=IS_SMALL_MODEL, help=IS_SMALL_MODEL_HELP)
    created_at = Time()
    updated_at = Time()


class DocumentVersionBrief(ReadModel, source_model=DocumentVersion):
    """A version of a document without its text."""

    id = Uuid()
    number = Int()
    title = Text()
    created_at = Time()


class DocumentDetailOut(DocumentOut):
    """A document with the text of its latest version, and what other versions there are."""

    content = Text("latest__content", help="Markdown; null while no version is kept.")
    versions = Many(DocumentVersionBrief, order_by=["-number"])


class DocumentVersionOut(DocumentVersionBrief):
    """One finished text of a document, with what it took to make."""

    content = Text(help="Markdown.")
    source_language = Choice(LANGUAGES)
    provider = Text()
    model = Text()
    is_small_model = Bool(expression=IS_SMALL_MODEL, help=IS_SMALL_MODEL_HELP)
    input_tokens = Int()
    output_tokens = Int()
    cost_micros = Int(help="Millionths of the currency that the call ledger names.")
    job_id = Uuid("job")


class TemplateBatchOut(ReadModel, source_model=TemplateBatch):
    """A batch and how far it is; `counts` always sum to `total`."""

    id = Uuid()
    job_id = Uuid("job")
    status = Choice(BATCH_STATUSES, expression=BATCH_STATUS)
    total = Int()
    counts = Json(
        expression=json_counts(BatchItem.objects.filter(batch=OuterRef("pk")), "batch", ITEM_CONDITIONS),
        shape=ItemCounts,
    )
    params = Json(help="What was asked for.")
    error = Json("job__error")
    created_at = Time()
    started_at = Time("job__started_at")
    paused_at = Time("job__paused_at")
    finished_at = Time("job__finished_at")


class BatchItemOut(ReadModel, source_model=BatchItem):
    """One cell of a batch: a project told by a template in a language."""

    id = Uuid()
    position = Int()
    status = Choice(ITEM_STATUSES, expression=ITEM_STATUS)
    project = One(ProjectBrief)
    content_template = One(ContentTemplateBrief)
    language = Choice(LANGUAGES)
    skip_reason = Text(help="Why nothing was made; empty unless skipped.")
    job_id = Uuid("job")
    document_id = Uuid("job__document_version__document", help="What came of it.")
    attempt = Int("job__attempt")
    error = Json("job__error")
    finished_at = Time("job__finished_at")


class ProjectCreateIn(StrictSerializer):
    """A project to be made; one of the two names may be empty."""

    code = serializers.SlugField(
        max_length=80, required=False, help_text="Derived from the name when left out."
    )
    name_zh = serializers.CharField(max_length=LENGTHS["name_zh"], required=False, allow_blank=True)
    name_en = serializers.CharField(max_length=LENGTHS["name_en"], required=False, allow_blank=True)
    description_zh = serializers.CharField(
        max_length=LENGTHS["description_zh"], required=False, allow_blank=True
    )
    description_en = serializers.CharField(
        max_length=LENGTHS["description_en"], required=False, allow_blank=True
    )
    website = serializers.URLField(max_length=LENGTHS["website"], required=False, allow_blank=True)


class ContentTemplateCreateIn(StrictSerializer):
    """A content template of one's own. Placeholders: `{{project_name}}` and the others of the documentation."""

    code = serializers.SlugField(
        max_length=80, required=False, help_text="Derived from the name when left out."
    )
    category_code = serializers.SlugField(max_length=60)
    name_zh = serializers.CharField(max_length=200)
    name_en = serializers.CharField(max_length=200)
    description_zh = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    description_en = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    prompt_zh = serializers.CharField(max_length=20_000)
    prompt_en = serializers.CharField(max_length=20_000)
    order = serializers.IntegerField(min_value=0, max_value=100_000, required=False)
    is_active = serializers.BooleanField(required=False)


class BatchGenerateIn(StrictSerializer):
    """What a batch should make: projects × templates × languages."""

    languages = serializers.ListField(
        child=serializers.ChoiceField(LANGUAGES), min_length=1, max_length=2, default=["zh", "en"]
    )
    project_ids = serializers.ListField(
        child=serializers.UUIDField(), max_length=10_000, required=False, help_text="Left out: all of yours."
    )
    template_codes = serializers.ListField(
        child=serializers.SlugField(max_length=80), max_length=1_000, required=False
    )
    category_code = serializers.SlugField(max_length=60, required=False)
    limit = serializers.IntegerField(
        min_value=1, max_value=10_000, required=False, help_text="At most this many items run."
    )
    skip_existing = serializers.BooleanField(default=True)
    only_stale = serializers.BooleanField(
        default=False, help_text="Exactly the documents whose inputs have changed."
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
    concurrency = serializers.IntegerField(min_value=1, max_value=100, required=False)
    dry_run = serializers.BooleanField(default=False, help_text="Counts and cost; nothing is made.")

    def validate_languages(self, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise serializers.ValidationError(_("A language stands here twice."), code="duplicate")
        return value


class DocumentExportIn(StrictSerializer):
    """What an export holds, and as what."""

    format = serializers.ChoiceField(["zip", "markdown", "html", "jsonl"], default="zip")
    project_id = serializers.UUIDField(required=False)
    document_id = serializers.UUIDField(required=False)
    category_code = serializers.SlugField(max_length=60, required=False)
    language = serializers.ChoiceField(LANGUAGES, required=False)
