"""Shapes of optimizations."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Json, Many, One, StoredError, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import BoundedListField, StrictModelSerializer, StrictSerializer
from config.api.shapes import EstimateRoute, JobError
from config.validators import says_something
from generation.domain.states import JobStatus
from prompts.domain import limits
from prompts.domain.modes import Mode
from prompts.domain.optimizing import (
    HIGHEST_RATING,
    LOWEST_RATING,
    MAX_PROMPT_CHARACTERS,
    MAX_REASON_CHARACTERS,
    MAX_RESPONSE_CHARACTERS,
    MAX_WISH_CHARACTERS,
)
from prompts.models import Optimization, Prompt, PromptVersion

#: Longer than the names of a provider and a model together.
MODEL_CHARACTERS = 161


class StringList(serializers.ListField):
    child = serializers.CharField()


class VersionPlace(ReadModel, source_model=PromptVersion):
    """A version of a prompt, and where it is."""

    prompt_id = Uuid("prompt")
    version = Int("number", help="The number of the version.")


class OptimizationBrief(ReadModel, source_model=Optimization):
    """An optimization without its texts."""

    id = Uuid()
    status = Choice(JobStatus, "job__status", help="Its job's.", example="succeeded")
    mode = Choice(Mode)
    wish = Text(example="更短")
    rating = Int(example=4)
    created_at = Time()


class OptimizationRow(OptimizationBrief):
    """A prompt as it was and as it became. Its id is its job's."""

    job_id = Uuid("job", help="The same as `id`.")
    is_test = Bool("job__is_test", help="Whether only the sandbox is called.")
    parent_id = Uuid("parent", help="The optimization that it goes on from; null: the first of its tree.")
    tree_id = Uuid(help="The id of the first optimization of its tree.")
    source = One(VersionPlace, help="The version of the library's that it was made from, if it was.")
    prompt = Text(example="写一个周报")
    optimized_prompt = Text(
        help="Empty until the job has succeeded.",
        example="## 角色\n你是一位善于向上汇报的项目负责人。\n\n## 任务\n写一个周报。",
    )
    improvements = Json(shape=StringList, example=["明确了角色：你是一位善于向上汇报的项目负责人。"])
    expected_benefits = Json(shape=StringList, example=["用词和深度更贴近这一领域"])
    provider = Text(example="sandbox")
    model = Text(example="sandbox")
    input_tokens = Int(help="Of all its calls.", example=812)
    output_tokens = Int(help="Of all its calls.", example=264)
    cost_micros = Int(help="What all its calls did cost, in millionths of USD.", example=0)
    rating_reason = Text(example="结构清楚，但太长")
    saved = One(VersionPlace, help="What it was saved as last; null: it wasn't.")
    error = StoredError("job__error", shape=JobError)
    finished_at = Time("job__finished_at")


class OptimizationOut(OptimizationRow):
    """A prompt as it was and as it became, with what was made of it since."""

    response = Text(help="The response or conversation that it was to learn from.")
    children = Many(
        OptimizationBrief, order_by=["created_at", "id"], help="What was iterated from it, the oldest first."
    )


def _text(most: int, help_text: str, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=most, trim_whitespace=False, help_text=help_text, **options)


class HowIn(StrictSerializer):
    """How a prompt is to be optimized."""

    wish = _text(
        MAX_WISH_CHARACTERS, "What you would like to be different.", required=False, allow_blank=True
    )
    response = _text(
        MAX_RESPONSE_CHARACTERS,
        "A response or conversation that the prompt brought, to learn from.",
        required=False,
        allow_blank=True,
    )
    model = serializers.CharField(
        max_length=MODEL_CHARACTERS,
        required=False,
        help_text="A name of the catalogue, `model` or `provider:model`, or the model of a key of yours; left out: the "
        "preferred one.",
    )


class OptimizeIn(HowIn):
    """A prompt to be optimized: its text, or one of the library's."""

    default_error_messages = {"one": _("Give either a prompt or a prompt_id.")}

    prompt = _text(MAX_PROMPT_CHARACTERS, "The text.", required=False, validators=[says_something])
    prompt_id = serializers.UUIDField(required=False, help_text="A prompt of your library instead of a text.")
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="Which version of it; left out: the latest."
    )
    mode = serializers.ChoiceField([mode.value for mode in Mode], default=Mode.GENERAL.value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("prompt" in attrs) == ("prompt_id" in attrs) or "version" in attrs and "prompt_id" not in attrs:
            raise serializers.ValidationError({"prompt": [self.error_messages["one"]]}, code="one")
        return attrs


class OptimizationIterateIn(HowIn):
    """What is to be different next time."""

    wish = _text(MAX_WISH_CHARACTERS, "What you would like to be different.", validators=[says_something])
    mode = serializers.ChoiceField(
        [mode.value for mode in Mode], required=False, help_text="Left out: as it was."
    )


class OptimizationRateIn(StrictSerializer):
    """How good a result is."""

    rating = serializers.IntegerField(
        min_value=LOWEST_RATING, max_value=HIGHEST_RATING, help_text="1, useless, to 5, as it should be."
    )
    reason = serializers.CharField(
        max_length=MAX_REASON_CHARACTERS, required=False, allow_blank=True, default="", help_text="Why."
    )


class OptimizationSaveIn(StrictModelSerializer):
    """Where a result is to be kept: in a prompt of the library, or as a new one."""

    default_error_messages = {"new_only": _("Only a new prompt gets a title, a folder and tags here.")}

    prompt_id = serializers.UUIDField(
        required=False, help_text="The prompt that it becomes a new version of; left out: a new prompt."
    )
    tag_ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=limits.TAGS,
        required=False,
        help_text="Tags of the new prompt.",
    )

    class Meta:
        model = Prompt
        fields = ("prompt_id", "title", "folder", "tag_ids")
        extra_kwargs = {"title": {"required": False, "help_text": "Left out: the first line of its content."}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "prompt_id" in attrs and len(attrs) > 1:
            raise serializers.ValidationError(
                {"prompt_id": [self.error_messages["new_only"]]}, code="new_only"
            )
        return attrs


# -- what there is to choose from --------------------------------------------------------------------------------------


class OptimizeModeOut(serializers.Serializer[Any]):
    """What a prompt can be for."""

    name = serializers.ChoiceField([mode.value for mode in Mode])
    title = serializers.CharField(help_text="In your language.")


class OptimizeModelOut(serializers.Serializer[Any]):
    """A model that may be named."""

    name = serializers.CharField(help_text="As `model` takes it.")
    provider = serializers.CharField()
    title = serializers.CharField()
    context_tokens = serializers.IntegerField(
        allow_null=True, help_text="How much it reads and writes at most."
    )


class OptimizeLimitsOut(serializers.Serializer[Any]):
    """How long texts may be, in characters, and which ratings there are."""

    prompt_characters = serializers.IntegerField(help_text="Of a prompt.")
    wish_characters = serializers.IntegerField(help_text="Of a wish.")
    response_characters = serializers.IntegerField(help_text="Of a response to learn from.")
    reason_characters = serializers.IntegerField(help_text="Of the reason of a rating.")
    lowest_rating = serializers.IntegerField()
    highest_rating = serializers.IntegerField()


class OptimizeConfigOut(serializers.Serializer[Any]):
    """What an optimization can be asked for, by you, now."""

    modes = OptimizeModeOut(many=True)
    default_mode = serializers.ChoiceField([mode.value for mode in Mode], help_text="Where none is named.")
    providers = serializers.ListField(
        child=serializers.CharField(), help_text="Those with a model that you may name."
    )
    models = OptimizeModelOut(many=True, help_text="Those that you may name.")
    routes = EstimateRoute(many=True, help_text="Who is asked when no model is named, in their order.")
    limits = OptimizeLimitsOut(help_text="Lengths in characters, and the ratings that there are.")
