"""Shapes of documents."""

from django.db.models import Case, Value, When
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Many, One, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer
from config.languages import Language
from config.validators import validate_name
from generation.domain.origins import SMALL_MODELS
from templates.api.serializers.sources import ContentTemplateBrief, ProjectBrief
from templates.models import Document, DocumentVersion
from templates.models.documents import LONGEST_TEXT, PERSON, STALE, validate_text
from templates.services.exports import ExportFormat


def is_edited() -> Bool:
    """Of documents and versions alike."""
    return Bool(
        expression=Case(When(provider=PERSON, then=Value(True)), default=Value(False)),
        help="Whether a person wrote or changed it; no batch writes over it unasked.",
    )


def small_model() -> Bool:
    """Of documents and versions alike: both name their provider."""
    return Bool(
        expression=Case(When(provider__in=sorted(SMALL_MODELS), then=Value(True)), default=Value(False)),
        help="Whether a small local model wrote it: say so where you show the text, and check it.",
    )


class DocumentOut(ReadModel, source_model=Document):
    """A document without its text."""

    id = Uuid()
    project = One(ProjectBrief)
    content_template = One(ContentTemplateBrief)
    language = Choice(Language)
    source_language = Choice(Language, help="Another one than `language` for a translation.")
    title = Text(example="云上茶馆：产品简介")
    version = Int(help="Number of the latest version.")
    characters = Int(example=1834)
    is_stale = Bool(
        expression=STALE,
        help="Whether the project, the template or the text it was translated from has changed since the latest "
        "version.",
    )
    provider = Text(example="deepseek")
    model = Text(example="deepseek-flash")
    is_small_model = small_model()
    is_edited = is_edited()
    created_at = Time()
    updated_at = Time()


class DocumentVersionBrief(ReadModel, source_model=DocumentVersion):
    """A version of a document without its text."""

    id = Uuid()
    number = Int()
    title = Text(example="云上茶馆：产品简介")
    created_at = Time()


class DocumentDetailOut(DocumentOut):
    """A document with the text of its latest version, and what other versions there are."""

    content = Text(
        "latest__content", help="Markdown; null while no version is kept.", example="# 云上茶馆\n\n…"
    )
    versions = Many(DocumentVersionBrief, order_by=["-number"])


class DocumentVersionOut(DocumentVersionBrief):
    """One finished text of a document, with what it took to make."""

    content = Text(help="Markdown.", example="# 云上茶馆\n\n…")
    source_language = Choice(Language)
    provider = Text(example="deepseek")
    model = Text(example="deepseek-flash")
    is_small_model = small_model()
    is_edited = is_edited()
    input_tokens = Int(example=812)
    output_tokens = Int(example=1204)
    cost_micros = Int(help="Millionths of the currency that the call ledger names.", example=1904)
    job_id = Uuid("job")


class DocumentUpdateIn(StrictSerializer):
    """What a person changes of a document."""

    title = serializers.CharField(
        max_length=Document._meta.get_field("title").max_length,
        validators=[validate_name],
        help_text="Left out: the first heading of a new text.",
    )
    content = serializers.CharField(
        max_length=LONGEST_TEXT,
        trim_whitespace=False,
        validators=[validate_text],
        help_text="Markdown.",
    )


class DocumentExportIn(StrictSerializer):
    """What an export holds, and as what."""

    format = serializers.ChoiceField(ExportFormat.values, default=ExportFormat.ZIP)
    project_id = serializers.UUIDField(required=False)
    document_id = serializers.UUIDField(required=False)
    category_code = serializers.SlugField(max_length=60, required=False)
    language = serializers.ChoiceField(Language.values, required=False)
