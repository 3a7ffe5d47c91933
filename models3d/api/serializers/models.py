"""Shapes of 3D models, their versions and files."""

from typing import Any

from django.db.models import Case, Q, TextField, Value, When
from django.db.models.functions import NullIf
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.lists.fields import (
    Bool,
    Choice,
    Float,
    Int,
    Json,
    One,
    StoredError,
    Text,
    Time,
    Uuid,
    truth,
)
from config.api.lists.read_models import ReadModel
from config.api.serializers import BoundedListField, StrictModelSerializer, StrictSerializer
from config.api.shapes import EstimateRoute, JobCost, JobError
from config.validators import validate_name
from generation.domain.prices import CURRENCY
from generation.domain.states import JobStatus
from generation.selectors.costs import CostOf
from models3d.api.serializers.fields import Millimetres
from models3d.api.serializers.reports import REPORT_EXAMPLE, MeshReportOut
from models3d.domain import limits, options
from models3d.domain.licences import Licence
from models3d.domain.tags import tag_of
from models3d.domain.words import Format, Origin, Unit, UnitSource, VersionReason, Visibility
from models3d.models import Model3D, ModelFile, ModelVersion

PROMPT = "一个带把手的马克杯，高 10 厘米"
LINK = "https://atelier.example.com/files/WyIwMTkzIiwxXQ:1tGx:3q2uVw"
EXPIRES = "Whoever has the link can read it without a login until it expires; each answer brings a good one."


class TagList(serializers.ListField):
    """Words that a model is sorted by."""

    child = serializers.CharField()


class Changes(serializers.DictField):
    """How many of what were mended, by name."""

    child = serializers.IntegerField()


class RemixNote(serializers.Serializer[Any]):
    """What a model is a remix of, as it was called then."""

    id = serializers.UUIDField()
    name = serializers.CharField()


def link_unless(**absent: Any) -> Any:
    """Empty, for a link that is made when the row is shown; NULL where there is nothing to show."""
    return Case(When(**absent, then=None), default=Value(""), output_field=TextField())


class ModelVersionOut(ReadModel, source_model=ModelVersion):
    """A mesh that a model has had, and what was found out about it."""

    number = Int(help="From 1; the newest is the current one.")
    reason = Choice(VersionReason, help="How it came: made, uploaded, or repaired.")
    format = Choice(Format, help="Of its file.")
    unit = Choice(Unit, help="What the numbers in its file mean.", example="m")
    unit_source = Choice(
        UnitSource,
        help="Who says so: `asked` (you), `format` (the file's format), `guessed` (by its size), or `scaled` (it was "
        "scaled to a size).",
        example="format",
    )
    report = Json(shape=MeshReportOut, help="What was measured.", example=REPORT_EXAMPLE)
    changes = Json(shape=Changes, help="What a repair has mended, by name and number.", example={})
    file_id = Uuid("file", help="The file as it came; `GET /files/{id}` has it.")
    size = Int("file__size", help="Of its file, in bytes.", example=204_800)
    preview_id = Uuid("preview", help="The key of the picture of it.")
    turntable_id = Uuid("turntable", help="The key of the moving picture of it.")
    viewer_id = Uuid("viewer", help="The key of a GLB for viewers; null where its file is one.")
    created_at = Time()


class ModelVersionRow(ModelVersionOut, source_model=ModelVersion):
    """A version, with links to its files."""

    url = Text(expression=Value(""), help=f"The file as it came. {EXPIRES}", example=LINK)
    preview_url = Text(expression=Value(""), help="A picture of it, in WebP.", example=LINK)
    turntable_url = Text(expression=Value(""), help="It turns around, in animated WebP.", example=LINK)
    viewer_url = Text(expression=Value(""), help="A GLB for viewers.", example=LINK)


class Model3DOut(ReadModel, source_model=Model3D):
    """A 3D model, and how far it is. Its id is that of the job that makes or reads it."""

    id = Uuid()
    job_id = Uuid("job", help="The same as `id`.")
    status = Choice(JobStatus, "job__status", example="succeeded")
    progress = Int(
        expression=NullIf("job__progress", Value(0)),
        null=True,
        help="In percent, as its maker says; null while it says nothing.",
        example=100,
    )
    is_cancel_requested = Bool(expression=truth(Q(job__cancel_requested_at__isnull=False)))
    is_test = Bool("job__is_test", help="Whether only the sandbox is called.")
    origin = Choice(Origin, help="Whether a model or rules made it, or you brought it along.")
    name = Text(example="一个带把手的马克杯，高 10 厘米")
    description = Text(help="What people read about it.", example="装得下 300 毫升。")
    tags = Json(shape=TagList, help="In the way in which they are compared.", example=["杯子"])
    prompt = Text(help="What is to be seen; empty where it was made of a picture alone.", example=PROMPT)
    style = Text(help="That of the image that it is made of; empty without one.", example="")
    shape = Text(help="What rules are to make of the picture; empty: as they like.", example="")
    is_textured = Bool(help="Whether it was asked for with colours.", example=True)
    seed = Int(
        null=True, help="The same seed and words make the same, where the maker knows seeds.", example=7
    )
    asked_model = Text(help="Which model was asked for; empty: the preferred one.", example="")
    provider = Text(help="Who made it; empty until somebody has.", example="sandbox")
    model = Text(help="Which model made it; empty until it is made.", example="sandbox")
    is_procedural = Bool(help="Made here by rules, offline, and not by a model.", example=True)
    request_id = Uuid("request", help="The image request whose selected image it is made of; null: none.")
    picture_id = Uuid("picture", help="The key of the picture that it is made of; null: none.")
    source_id = Uuid("source", help="The key of the file that you brought along; null: none.")
    unit = Text(help="What you said the numbers of the file mean; empty: nothing.", example="")
    size_mm = Float(help="How long you want its longest side; null: you said nothing.", example=100.0)
    version = One(ModelVersionOut, "current", help="The current version; null until it is made.")
    is_printable = Bool(help="Whether it can be printed as it is; null until it is made.", example=True)
    preview_url = Text(
        expression=link_unless(current=None),
        null=True,
        help=f"A picture of it, in WebP. {EXPIRES} Null until it is made.",
        example=LINK,
    )
    turntable_url = Text(
        expression=link_unless(current=None),
        null=True,
        help="It turns around, in animated WebP.",
        example=LINK,
    )
    viewer_url = Text(
        expression=link_unless(current=None), null=True, help="A GLB for viewers.", example=LINK
    )
    repair_job_id = Uuid("repair_job", help="The job of the latest repair; null: there was none.")
    repair_status = Choice(JobStatus, "repair_job__status", help="How far the repair is.")
    repair_error = StoredError("repair_job__error", shape=JobError, help="Why the repair failed.")
    visibility = Choice(Visibility, help="Whether the gallery shows it.")
    published_at = Time(help="Since when it is public; null: it isn't.")
    hidden_at = Time(help="When the staff took it out of the gallery; null: they didn't.")
    hidden_reason = Text(help="Why they did.")
    licence = Text(help="By its SPDX name; empty: not chosen yet.", example="CC-BY-4.0")
    shows_recipe = Bool(help="Whether the gallery shows prompt, style, seed, maker and picture.")
    remix_of = Uuid(
        "remix_of", help="The key of the model that it is a remix of; null: of none that is there."
    )
    remix_note = Json(
        shape=RemixNote, help="What it is a remix of, also when that was deleted; null: of nothing."
    )
    views = Int(help="How often it was looked at, once per person and day.", example=0)
    likes = Int(help="How many like it.", example=0)
    favorites = Int("favourites", help="How many keep it among their favourites.", example=0)
    downloads = Int(help="How often it was downloaded, once per person and day.", example=0)
    cost = Json(
        shape=JobCost,
        expression=CostOf(),
        help="Of its making.",
        example={
            "cost_micros": 0,
            "reserved_micros": 0,
            "currency": CURRENCY,
            "input_tokens": 0,
            "output_tokens": 0,
            "calls": 1,
            "uncertain_calls": 0,
        },
    )
    error = StoredError("job__error", shape=JobError)
    created_at = Time()
    updated_at = Time()
    finished_at = Time("job__finished_at")


class Model3DUpdateIn(StrictModelSerializer):
    """What people read about a model."""

    tags = BoundedListField(
        child=serializers.CharField(max_length=limits.TAG, validators=[validate_name]),
        max_length=limits.TAGS,
        required=False,
        help_text="The tags that it has, instead of those it had; case and width make no difference.",
    )

    class Meta:
        model = Model3D
        fields: tuple[str, ...] = ("name", "description", "tags", "licence", "shows_recipe")
        extra_kwargs: dict[str, Any] = {
            "description": {"help_text": "What people read about it."},
            "licence": {"help_text": "By its SPDX name; a public model has one."},
            "shows_recipe": {
                "help_text": "Whether the gallery shows prompt, style, seed, maker and picture."
            },
        }

    def validate_tags(self, tags: list[str]) -> list[str]:
        for tag in tags:
            if "," in tag_of(tag):
                raise serializers.ValidationError(_("A tag's name has no comma."), code="comma")
        return tags


class Model3DCreateIn(Model3DUpdateIn):
    """What a model is to be made of: a prompt, a picture, or a mesh that is there already."""

    prompt = serializers.CharField(
        max_length=options.MAX_PROMPT_CHARACTERS,
        required=False,
        help_text=f"What is to be seen: 1 to {options.MAX_PROMPT_CHARACTERS} characters, in any language.",
    )
    request_id = serializers.UUIDField(required=False, help_text="An image request: of its selected image.")
    image_file_id = serializers.UUIDField(required=False, help_text="A picture among your files.")
    file_id = serializers.UUIDField(required=False, help_text="A mesh among your files.")
    model = serializers.CharField(
        max_length=161,
        required=False,
        help_text="A name of the catalogue, `model` or `provider:model`; left out: the preferred one.",
    )
    shape = serializers.ChoiceField(
        choices=options.SHAPES,
        required=False,
        help_text="What rules make of a picture; makers that are models make what they see.",
    )
    size_mm = Millimetres(
        required=False,
        help_text="How long its longest side is to be. Left out: as its maker or its format says; where neither does, "
        f"{options.USUAL_MM:g} mm for what is made, and a guess for what is brought along.",
    )
    unit = serializers.ChoiceField(
        choices=[one.value for one in Unit],
        required=False,
        help_text="What the numbers of the file mean. Left out: as its format says, or a guess.",
    )
    seed = serializers.IntegerField(
        min_value=0, max_value=options.LARGEST_SEED, required=False, help_text="Left out: any."
    )
    remix_of = serializers.UUIDField(
        required=False, help_text="The model that it is a remix of: a public one, or one of yours."
    )

    class Meta(Model3DUpdateIn.Meta):
        fields = (
            *("prompt", "request_id", "image_file_id", "file_id", "name", "description", "tags", "model"),
            *("shape", "size_mm", "unit", "is_textured", "seed", "licence", "remix_of"),
        )
        extra_kwargs = {
            **Model3DUpdateIn.Meta.extra_kwargs,
            "name": {
                "required": False,
                "help_text": "Left out: the beginning of the prompt, or the file's name.",
            },
            "is_textured": {"help_text": "With colours, which costs more where the maker knows it."},
        }


class ModelFileOut(ReadModel, source_model=ModelFile):
    """A model in a format, perhaps scaled to a size, and how far that is."""

    id = Uuid()
    version = Int("version__number", help="Of which version.")
    format = Choice(Format, help="An OBJ is a ZIP with its materials and textures.", example="stl")
    size_um = Int(
        help="How long its longest side is, in thousandths of a millimetre; 0: as it is.", example=0
    )
    status = Choice(
        JobStatus,
        expression=Case(
            When(file__isnull=False, then=Value(JobStatus.SUCCEEDED.value)),
            When(job=None, then=Value(JobStatus.FAILED.value)),
            default="job__status",
            output_field=TextField(),
        ),
        help="Whether it is there yet.",
        example="succeeded",
    )
    job_id = Uuid("job", help="The job that converts it; null where nothing had to be done.")
    file_id = Uuid("file", help="The key of the file; null until it is converted.")
    size = Int("file__size", help="In bytes; null until it is converted.", example=204_800)
    url = Text(
        expression=link_unless(file=None),
        null=True,
        help=f"Its content. {EXPIRES} Null until it is converted.",
        example=LINK,
    )
    error = StoredError("job__error", shape=JobError)


class ModelFileIn(StrictSerializer):
    """How large."""

    size_mm = Millimetres(
        required=False, help_text="How long its longest side is to be, in millimetres; left out: as it is."
    )


# -- what there is to choose from --------------------------------------------------------------------------------------


class MeshModelOut(serializers.Serializer[Any]):
    """A model that may be named."""

    name = serializers.CharField(help_text="As `model` takes it.")
    provider = serializers.CharField()
    title = serializers.CharField()


class UnitOut(serializers.Serializer[Any]):
    """A unit."""

    name = serializers.CharField(help_text="As `unit` takes it.")
    title = serializers.CharField(help_text="In your language.")


class LicenceOut(serializers.Serializer[Any]):
    """A licence, and what it allows."""

    name = serializers.ChoiceField(choices=[one.value for one in Licence], help_text="As `licence` takes it.")
    title = serializers.CharField(help_text="In your language.")
    url = serializers.CharField(allow_blank=True, help_text="Where its text is; empty: it has none.")
    allows_remixes = serializers.BooleanField(help_text="Whether others may change it and show that.")
    allows_commerce = serializers.BooleanField(help_text="Whether others may earn money by it.")


class ModelLimitsOut(serializers.Serializer[Any]):
    """How much of everything."""

    prompt_characters = serializers.IntegerField(help_text="Of a prompt.")
    name_characters = serializers.IntegerField(help_text="Of a name.")
    description_characters = serializers.IntegerField(help_text="Of a description.")
    tags = serializers.IntegerField(help_text="Of one model.")
    tag_characters = serializers.IntegerField(help_text="Of a tag.")
    least_mm = serializers.FloatField(help_text="The smallest size.")
    most_mm = serializers.FloatField(help_text="The largest size.")
    seed = serializers.IntegerField(help_text="The largest.")


class ModelConfigOut(serializers.Serializer[Any]):
    """What models can be made with, by you, now."""

    models = MeshModelOut(many=True, help_text="Those that you may name.")
    routes = EstimateRoute(many=True, help_text="Who is asked when no model is named, in their order.")
    shapes = serializers.ListField(
        child=serializers.CharField(), help_text="What rules can make of a picture."
    )
    formats = serializers.ListField(
        child=serializers.CharField(), help_text="What a model can be downloaded as."
    )
    units = UnitOut(many=True, help_text="What numbers of a file may mean.")
    licences = LicenceOut(many=True, help_text="What a public model may have.")
    limits = ModelLimitsOut(help_text="Lengths in characters, and numbers.")
