"""Shapes of cases and evaluations."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Json, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import BoundedListField, StrictModelSerializer, StrictSerializer
from generation.domain.states import JobStatus
from prompts.api.serializers.optimizations import MODEL_CHARACTERS
from prompts.domain import limits
from prompts.domain.assertions import LANGUAGES, LONGEST, MAX_ASSERTIONS, AssertionType
from prompts.models import PromptCase, PromptEvaluation, PromptTrial
from prompts.models.cases import Side

ASSERTIONS = [
    {"type": "contains", "value": "补偿"},
    {"type": "not_contains", "value": "抱歉给您"},
    {"type": "length", "max": 300},
    {"type": "language", "language": "zh"},
]
VALUES = {"客户": "林小姐"}


class PromptAssertion(serializers.Serializer[Any]):
    """One thing that an answer must fulfil."""

    type = serializers.ChoiceField([one.value for one in AssertionType])
    value = serializers.CharField(required=False, help_text="Of `contains` and `not_contains`: the text.")
    pattern = serializers.CharField(
        required=False, help_text="Of `matches`: a regular expression as RE2 knows them, found anywhere."
    )
    schema = serializers.JSONField(
        required=False,
        help_text="Of `json_schema`: the whole answer is JSON of this schema (without `$ref`, `pattern`, `format`).",
    )
    min = serializers.IntegerField(
        min_value=0, max_value=LONGEST, required=False, help_text="Of `length`: characters at least."
    )
    max = serializers.IntegerField(
        min_value=0, max_value=LONGEST, required=False, help_text="Of `length`: characters at most."
    )
    language = serializers.ChoiceField(LANGUAGES, required=False, help_text="Of `language`: which one.")


class PromptAssertionList(serializers.ListField):
    child = PromptAssertion()


class PromptVerdict(serializers.Serializer[Any]):
    """What became of one assertion."""

    type = serializers.ChoiceField([one.value for one in AssertionType])
    passed = serializers.BooleanField(help_text="Whether the answer fulfils it.")


class PromptVerdictList(serializers.ListField):
    child = PromptVerdict()


@extend_schema_field(PromptAssertion)
class AssertionField(serializers.JSONField):
    """An assertion as it is given; the service says what is wrong with one."""


class PromptCaseOut(ReadModel, source_model=PromptCase):
    """Values for a prompt's variables, and what the answer must be like then."""

    id = Uuid()
    prompt_id = Uuid("prompt")
    name = Text(example="提到补偿")
    values = Json(help="What stands for the variables, by their names.", example=VALUES)
    assertions = Json(shape=PromptAssertionList, help="All must be fulfilled.", example=ASSERTIONS)
    optimization_id = Uuid("optimization", help="The optimization whose rating gave rise to it; null: none.")
    created_at = Time()
    updated_at = Time()


class PromptCaseCreateIn(StrictModelSerializer):
    """A case to be kept."""

    default_error_messages = {"nameless": _("A case that comes of no rating needs a name.")}

    values = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        help_text="What stands for the variables, by their names. Left out or null: the default.",
    )
    assertions = BoundedListField(
        child=AssertionField(),
        min_length=1,
        max_length=MAX_ASSERTIONS,
        help_text="Each with its `type` and what that needs.",
    )
    optimization_id = serializers.UUIDField(
        required=False, help_text="An optimization that was rated with a reason, which becomes its name."
    )

    class Meta:
        model = PromptCase
        fields = ("name", "values", "assertions", "optimization_id")
        extra_kwargs = {"name": {"required": False, "help_text": "What it is about."}}

    def validate_assertions(self, value: list[Any]) -> list[Any]:
        for one in value:
            if not isinstance(one, dict):
                raise serializers.ValidationError(_("Each is an object with a type."), code="invalid")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not self.partial and "name" not in attrs and "optimization_id" not in attrs:
            raise serializers.ValidationError({"name": [self.error_messages["nameless"]]}, code="nameless")
        return attrs


class PromptCaseUpdateIn(PromptCaseCreateIn):
    """What is to be different."""

    optimization_id = None  # type: ignore[assignment]

    class Meta(PromptCaseCreateIn.Meta):
        fields = ("name", "values", "assertions")  # type: ignore[assignment]


# -- evaluations -------------------------------------------------------------------------------------------------------


class PromptEvaluateIn(StrictSerializer):
    """What is to be compared. Left out both: the latest version with the one before."""

    default_error_messages = {"one": _("Give a version or an optimization_id, not both.")}

    version = serializers.IntegerField(min_value=1, required=False, help_text="The candidate.")
    optimization_id = serializers.UUIDField(required=False, help_text="The candidate: its result.")
    original_version = serializers.IntegerField(
        min_value=1,
        required=False,
        help_text="What it is compared with; left out: the latest version, or the one before.",
    )
    case_ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=limits.CASES,
        required=False,
        help_text="Left out: all of them.",
    )
    runs = serializers.IntegerField(
        min_value=1, max_value=limits.RUNS, default=1, help_text="How often each case is answered by each."
    )
    model = serializers.CharField(
        max_length=MODEL_CHARACTERS, required=False, help_text="As everywhere; left out: the preferred one."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "version" in attrs and "optimization_id" in attrs:
            raise serializers.ValidationError({"version": [self.error_messages["one"]]}, code="one")
        return attrs


class EvaluationSideOut(serializers.Serializer[Any]):
    """How one of both texts did."""

    passed = serializers.IntegerField(help_text="Answers that fulfilled all assertions.")
    failed = serializers.IntegerField(help_text="Answers that didn't.")
    unanswered = serializers.IntegerField(help_text="Not answered yet, or in vain.")
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_micros = serializers.IntegerField(help_text="In millionths of USD.")
    seconds = serializers.FloatField(help_text="That its answers took, one after the other.")


class EvaluationScoreOut(serializers.Serializer[Any]):
    """Pairs of answers to the same case."""

    wins = serializers.IntegerField(help_text="The candidate's answer passed alone.")
    losses = serializers.IntegerField(help_text="The original's answer passed alone.")
    ties = serializers.IntegerField(help_text="Both passed, or neither.")


class EvaluationCaseOut(EvaluationScoreOut):
    """The same of one case."""

    case_id = serializers.UUIDField(allow_null=True, help_text="Null: it was deleted since.")
    name = serializers.CharField(help_text="What it is called.", allow_blank=True)


class EvaluationReportOut(EvaluationScoreOut):
    """What came of it so far."""

    original = EvaluationSideOut(help_text="How the original did.")
    candidate = EvaluationSideOut(help_text="How the candidate did.")
    cases = EvaluationCaseOut(many=True, help_text="Case by case.")


class PromptEvaluationRow(ReadModel, source_model=PromptEvaluation):
    """Two texts of a prompt, tried side by side. Its id is its job's."""

    id = Uuid()
    job_id = Uuid("job", help="The same as `id`.")
    status = Choice(JobStatus, "job__status", help="Its job's.", example="succeeded")
    is_test = Bool("job__is_test", help="Whether only the sandbox is called.")
    progress = Int("job__progress", help="Percent.", example=42)
    prompt_id = Uuid("prompt")
    original_version = Int("original__number", help="Null: deleted since.")
    candidate_version = Int(
        "candidate__number", help="Null: the candidate is an optimization's, or deleted since."
    )
    optimization_id = Uuid("optimization", help="The optimization whose result is the candidate; null: none.")
    runs = Int(help="How often each case is answered by each.")
    total = Int(help="Answers in all.", example=12)
    created_at = Time()
    finished_at = Time("job__finished_at")


class PromptTrialOut(ReadModel, source_model=PromptTrial):
    """One answer to one case."""

    id = Uuid()
    job_id = Uuid("job")
    position = Int(help="Its place in the evaluation, from 1.")
    case_id = Uuid("case", help="Null: it was deleted since.")
    side = Choice(Side, help="Which text was tried.")
    number = Int(help="Which run it is, from 1.")
    status = Choice(JobStatus, "job__status", help="Its job's.", example="succeeded")
    passed = Bool(help="Null: not answered yet, or in vain.")
    text = Text(help="What was sent.", example="给林小姐写一封道歉邮件。")
    output = Text(help="What was answered.", example="林小姐，您好……")
    verdicts = Json(shape=PromptVerdictList, help="One for each assertion, in their order.", example=[])
    provider = Text(example="sandbox")
    model = Text("answered_by", example="sandbox")
    input_tokens = Int()
    output_tokens = Int()
    cost_micros = Int(help="In millionths of USD.", example=0)
    milliseconds = Int(help="How long the answer took.")
