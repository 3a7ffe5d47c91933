"""Shapes of image requests."""

from typing import Any

from django.db.models import Case, Q, TextField, Value, When
from django.db.models.functions import NullIf
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Json, Many, One, StoredError, Text, Time, Uuid, truth
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictModelSerializer, StrictSerializer
from config.api.shapes import EstimateRoute, JobCost, JobError
from generation.api.serializers.files import FileOut
from generation.domain.images import (
    LARGEST_SEED,
    MAX_NEGATIVE_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MOST_IMAGES,
    Quality,
    Size,
    Style,
)
from generation.domain.prices import CURRENCY
from generation.domain.requests import RequestPhase, RequestStatus
from generation.models import ImageRequest, RequestImage
from generation.models.items import ItemState
from generation.models.requests import IMAGE_STATE
from generation.selectors.costs import CostOf
from generation.selectors.requests import REQUEST_PHASE, REQUEST_STATUS

PROMPT = "一只戴围巾的小狐狸坐在木桩上"


class RequestImageOut(ReadModel, source_model=RequestImage):
    """A picture of a request, and how far it is."""

    number = Int("position", help="From 1, as `select` and `retry` take it.")
    job_id = Uuid("job")
    status = Choice(ItemState, expression=IMAGE_STATE, example="succeeded")
    progress = Int(
        expression=NullIf("job__progress", Value(0)),
        null=True,
        help="In percent, as its maker says; null while it says nothing.",
        example=100,
    )
    style = Choice(Style, help="How it looks.")
    prompt = Text(
        help="What its maker was told: written by a text model, or the original one.",
        example=f"{PROMPT}，写实风格",
    )
    seed = Int(help="The same seed, prompt and model make the same picture, where the model knows seeds.")
    provider = Text(help="Who made it; empty until somebody has.", example="sandbox")
    model = Text(help="Which model made it; empty until it is made.", example="sandbox")
    is_procedural = Bool(help="Drawn here by rules, offline, and not by a model.", example=True)
    file = One(FileOut, help="Null until it is made.")
    url = Text(
        expression=Case(When(file=None, then=None), default=Value(""), output_field=TextField()),
        null=True,
        help="The picture: whoever has the link can read it without a login until it expires; each answer brings a "
        "good one. Null until it is made.",
        example="https://atelier.example.com/files/WyIwMTkzIiwxXQ:1tGx:3q2uVw",
    )
    error = StoredError("job__error", shape=JobError)
    finished_at = Time("job__finished_at")


class ImageRequestOut(ReadModel, source_model=ImageRequest):
    """A sentence, and the pictures that are made of it. Its id is its job's."""

    id = Uuid()
    job_id = Uuid("job", help="The same as `id`.")
    status = Choice(
        RequestStatus,
        expression=REQUEST_STATUS,
        help="`image_failed`: all images failed. `failed`: it came to no images. `model_pending`: an image is selected "
        "and its model hasn't begun. `model_completed`: the model is there while an image is still made again.",
        example="image_completed",
    )
    phase = Choice(
        RequestPhase, expression=REQUEST_PHASE, help="Follows from the status.", example="awaiting_selection"
    )
    is_cancel_requested = Bool(expression=truth(Q(job__cancel_requested_at__isnull=False)))
    is_test = Bool("job__is_test", help="Whether only the sandbox is called.")
    prompt = Text(example=PROMPT)
    negative_prompt = Text(help="What is not to be seen.", example="文字")
    optimize = Bool("is_optimized", help="Whether a text model writes the prompts.", example=True)
    style = Text(help="That of all images; empty: each has another one.", example="")
    size = Choice(Size, help="The shape of all images.")
    quality = Choice(Quality, help="How well all images are made.")
    model = Text(help="Which was asked for; empty: the preferred one.", example="")
    count = Int(help="How many images.", example=MOST_IMAGES)
    seed = Int(help="That of the first image; the next have the next ones.", example=7)
    prompts_error = StoredError(
        shape=JobError,
        help="Why the text model wrote no prompts, so that all images have the original one; null: it did.",
    )
    images = Many(RequestImageOut, order_by=["position"], help="None until their prompts are written.")
    selected = Int("selected__position", help="The number of the selected image; null: none.")
    selected_at = Time(help="When it was selected; null: none is.")
    cost = Json(
        shape=JobCost,
        expression=CostOf(),
        help="Of the prompts and all images.",
        example={
            "cost_micros": 0,
            "reserved_micros": 0,
            "currency": CURRENCY,
            "input_tokens": 812,
            "output_tokens": 532,
            "calls": 5,
            "uncertain_calls": 0,
        },
    )
    error = StoredError("job__error", shape=JobError)
    created_at = Time()
    finished_at = Time("job__finished_at")


class ImageRequestCreateIn(StrictModelSerializer):
    """What is to be seen, and how."""

    optimize = serializers.BooleanField(
        source="is_optimized",
        default=True,
        help_text="Have a text model write a prompt for each image; false: all have yours, word for word.",
    )
    count = serializers.IntegerField(min_value=1, max_value=MOST_IMAGES, default=MOST_IMAGES)
    seed = serializers.IntegerField(
        min_value=0, max_value=LARGEST_SEED, required=False, help_text="Left out: any."
    )

    class Meta:
        model = ImageRequest
        fields = (
            *("prompt", "negative_prompt", "optimize", "style", "size", "quality", "model", "count", "seed"),
        )
        extra_kwargs = {
            "prompt": {"help_text": f"1 to {MAX_PROMPT_CHARACTERS} characters, in any language."},
            "negative_prompt": {
                "help_text": f"What is not to be seen; at most {MAX_NEGATIVE_CHARACTERS} characters. Makers that know "
                "no such thing leave it out."
            },
            "style": {"help_text": "That of all images. Left out or empty: another one for each."},
            "size": {"help_text": "Its shape; the maker takes its nearest size."},
            "quality": {"help_text": "`high` costs more, where the model knows it."},
            "model": {
                "help_text": "A name of the catalogue, `model` or `provider:model`; left out: the preferred one."
            },
        }


class ImageSelectIn(StrictSerializer):
    """Which image."""

    number = serializers.IntegerField(min_value=1, max_value=MOST_IMAGES, help_text="From 1.")


# -- what there is to choose from --------------------------------------------------------------------------------------


class ImageChoiceOut(serializers.Serializer[Any]):
    """A word that may be named."""

    name = serializers.CharField(help_text="As a request takes it.")
    title = serializers.CharField(help_text="In your language.")


class ImageSizeOut(ImageChoiceOut):
    """A shape."""

    width = serializers.IntegerField(help_text="In pixels, as it is asked for.")
    height = serializers.IntegerField(help_text="In pixels, as it is asked for.")


class ImageModelOut(serializers.Serializer[Any]):
    """A model that may be named."""

    name = serializers.CharField(help_text="As `model` takes it.")
    provider = serializers.CharField()
    title = serializers.CharField()


class ImageLimitsOut(serializers.Serializer[Any]):
    """How much of everything."""

    prompt_characters = serializers.IntegerField(help_text="Of a prompt.")
    negative_prompt_characters = serializers.IntegerField(help_text="Of a negative prompt.")
    images = serializers.IntegerField(help_text="Of one request.")
    seed = serializers.IntegerField(help_text="The largest.")


class RequestConfigOut(serializers.Serializer[Any]):
    """What images can be asked for, by you, now."""

    styles = ImageChoiceOut(many=True, help_text="Those that there are; without one, each image has another.")
    sizes = ImageSizeOut(many=True, help_text="Shapes; the first is the usual one.")
    qualities = ImageChoiceOut(many=True, help_text="The first is the usual one.")
    models = ImageModelOut(many=True, help_text="Those that you may name.")
    routes = EstimateRoute(many=True, help_text="Who is asked when no model is named, in their order.")
    limits = ImageLimitsOut(help_text="Lengths in characters, and numbers.")
