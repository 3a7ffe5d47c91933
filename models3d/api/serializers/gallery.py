"""Shapes of the gallery: public models, and what people do with them."""

from typing import Any

from django.db.models import Case, JSONField, Q, When
from django.db.models.functions import JSONObject
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Float, Int, Json, One, Text, Time, Uuid, truth
from config.api.lists.plain import plain_serializer
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer
from models3d.api.addresses import FileAddress
from models3d.api.serializers.fields import Millimetres
from models3d.api.serializers.models import TagList
from models3d.domain import limits
from models3d.domain.licences import Licence
from models3d.domain.words import Format, Origin, ReportReason, ReportState
from models3d.models import Model3D, ModelFavourite, ModelLike

TAGS = ["茶壶", "teapot"]


class GalleryModelOut(ReadModel, source_model=Model3D):
    """A public model, as the gallery shows it to everybody."""

    id = Uuid()
    name = Text(example="茶壶 Teapot")
    author = Text("owner__username", help="Who has published it.", example="alice")
    tags = Json(shape=TagList, help="Words that it is found by.", example=TAGS)
    origin = Choice(Origin, help="`ai_generated`: made with AI, which is to be said wherever it is shown.")
    is_procedural = Bool(help="Made here by rules, offline, and not by an AI model.")
    licence = Text(help="What may be done with it; by SPDX's name.", example="CC-BY-4.0")
    format = Text("source_format", help="That of its file; it comes in the others, too.", example="glb")
    is_printable = Bool(help="Whether its mesh can be printed as it is; null: nobody knows.", example=True)
    longest_mm = Float(help="Its longest side in millimetres.", example=82.5)
    triangles = Int(help="Of its mesh.", example=12_480)
    views = Int(help="Accounts, or addresses without one, that looked at it; each once a day.", example=81)
    likes = Int(help="Accounts that like it.", example=12)
    favorites = Int("favourites", help="Accounts that have it among their favourites.", example=4)
    downloads = Int(
        help="Accounts, or addresses without one, that took it along; each once a day.", example=7
    )
    preview_url = FileAddress("preview.webp", help="A picture of it, in WebP.")
    turntable_url = FileAddress("turntable.webp", help="A small animation of it, in WebP.")
    published_at = Time(help="When it was published first.")


class GalleryRowOut(GalleryModelOut, source_model=Model3D):
    """All that is read of a public model for its own answer; the view puts it together."""

    description = Text(example="一把可以打印的小茶壶。")
    version = Int("current__number", example=1)
    report = Json("current__report")
    viewer_url = FileAddress("model.glb")
    recipe = Json(
        expression=Case(
            When(
                shows_recipe=True,
                then=JSONObject(
                    **{name: name for name in ("prompt", "style", "shape", "seed", "provider", "model")},
                    picture_url="picture",
                ),
            ),
            default=None,
            output_field=JSONField(),
        ),
        null=True,
    )
    parent_id = Uuid("remix_of")
    parent_name = Text("remix_of__name")
    parent_is_public = Bool(
        expression=truth(
            Q(remix_of__isnull=False, remix_of__visibility="public", remix_of__hidden_at__isnull=True)
        )
    )
    remix_note = Json()


class LikedModelOut(ReadModel, source_model=ModelLike):
    """A like of a model that is public."""

    id = Uuid(help="The key of the like.")
    model = One(GalleryModelOut)
    created_at = Time(help="Since when you like it.")


class FavoriteModelOut(ReadModel, source_model=ModelFavourite):
    """A favourite that is public."""

    id = Uuid(help="The key of the favourite.")
    model = One(GalleryModelOut)
    created_at = Time(help="Since when it is a favourite.")


# -- a model of its own ----------------------------------------------------------------------------------------------


class LicenceTermsOut(serializers.Serializer[Any]):
    """What a licence allows, and what it asks for."""

    id = serializers.CharField(help_text="By SPDX's name.")
    name = serializers.CharField(help_text="In your language.")
    url = serializers.CharField(help_text="Its text; empty where there is none.")
    allows_remixes = serializers.BooleanField(help_text="Whether something may be made of it and published.")
    allows_commerce = serializers.BooleanField(help_text="Whether money may be made with it.")
    needs_credit = serializers.BooleanField(help_text="Whether its author must be named.")
    needs_same = serializers.BooleanField(help_text="Whether remixes must have the same licence.")


class RecipeOut(serializers.Serializer[Any]):
    """How a model was made, as far as its owner shows it."""

    prompt = serializers.CharField(help_text="What it was made from; empty: not from words.")
    style = serializers.CharField(help_text="That of the picture; empty: none.")  # type: ignore[assignment]
    shape = serializers.CharField(help_text="What was made of the picture by rules; empty: none of them.")
    seed = serializers.IntegerField(allow_null=True, help_text="Null: none.")
    provider = serializers.CharField(help_text="Who made it; empty: it was uploaded.")
    model = serializers.CharField(help_text="Which model made it; empty: none.")
    picture_url = serializers.CharField(allow_null=True, help_text="The picture that it was made from.")


class RemixOfOut(serializers.Serializer[Any]):
    """What a model is a remix of, also when that can't be seen any more."""

    id = serializers.UUIDField(allow_null=True, help_text="Null when it is deleted, or isn't public.")
    name = serializers.CharField(allow_null=True, help_text="Null when it isn't public.")
    is_deleted = serializers.BooleanField(help_text="Whether its owner has deleted it.")


class GalleryModelDetailOut(plain_serializer(GalleryModelOut)):  # type: ignore[misc]
    """A public model with all that everybody may know of it."""

    description = serializers.CharField(help_text="What its owner says of it.")
    version = serializers.IntegerField(help_text="The number of its current version.")
    report = serializers.DictField(help_text="What was measured of its mesh.")
    viewer_url = serializers.CharField(help_text="A GLB to look at.")
    licence_terms = LicenceTermsOut(help_text="What the licence says.")
    recipe = RecipeOut(allow_null=True, help_text="Null unless its owner shows it.")
    remix_of = RemixOfOut(allow_null=True, help_text="Null: of nothing.")


class RelativeOut(serializers.Serializer[Any]):
    """A public model among its relatives."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    author = serializers.CharField(help_text="Who has published it.")
    licence = serializers.ChoiceField([one.value for one in Licence], help_text="By SPDX's name.")
    likes = serializers.IntegerField(help_text="Accounts that like it.")
    published_at = serializers.DateTimeField(help_text="When it was published first.")


class RemixOut(RelativeOut):
    """A public model that was made of another one."""

    parent_id = serializers.UUIDField(
        help_text="What it was made of: the model itself, or another of its remixes."
    )
    depth = serializers.IntegerField(help_text="How many steps it is away, from 1.")


class RemixFamilyOut(serializers.Serializer[Any]):
    """What a public model was made of, and what was made of it."""

    ancestors = RelativeOut(many=True, help_text="The nearest first, up to one that isn't public.")
    remixes = RemixOut(many=True, help_text="Level by level, the oldest first.")
    is_whole = serializers.BooleanField(help_text="False: there are more remixes than are shown.")


# -- what people do --------------------------------------------------------------------------------------------------


class MarkIn(StrictSerializer):
    """Whether it is to be so."""

    value = serializers.BooleanField(required=False, help_text="Left out: the opposite of what it is.")


class InteractionOut(serializers.Serializer[Any]):
    """What you have said of a public model, and how many have."""

    is_liked = serializers.BooleanField(help_text="Whether you like it.")
    is_favorite = serializers.BooleanField(help_text="Whether it is among your favourites.")
    views = serializers.IntegerField(help_text="Who looked at it; each once a day.")
    likes = serializers.IntegerField(help_text="Accounts that like it.")
    favorites = serializers.IntegerField(help_text="Accounts that have it among their favourites.")
    downloads = serializers.IntegerField(help_text="Who took it along; each once a day.")


class ModelDownloadCreateIn(StrictSerializer):
    """In which form a public model is wanted."""

    format = serializers.ChoiceField(
        [one.value for one in Format], required=False, help_text="Left out: that of its own file."
    )
    size_mm = Millimetres(
        required=False, help_text="How long its longest side is to be, in millimetres; left out: as it is."
    )


class ModelDownloadOut(serializers.Serializer[Any]):
    """A file of a public model, or the word that it is being made."""

    is_ready = serializers.BooleanField(help_text="False: it is being converted; ask again.")
    format = serializers.ChoiceField([one.value for one in Format], help_text="An OBJ is a ZIP.")
    url = serializers.CharField(
        allow_null=True, help_text="Whoever has it can read the file without a login; null until it is ready."
    )
    url_expires_at = serializers.DateTimeField(allow_null=True, help_text="Until when.")
    name = serializers.CharField(allow_null=True, help_text="What the file is called.")
    size = serializers.IntegerField(allow_null=True, help_text="In bytes.")


class GalleryReportCreateIn(StrictSerializer):
    """Why a model shouldn't be shown."""

    reason = serializers.ChoiceField([one.value for one in ReportReason], help_text="What is wrong with it.")
    text = serializers.CharField(
        max_length=limits.REPORT_TEXT, allow_blank=True, default="", help_text="In your own words."
    )


class GalleryReportOut(serializers.Serializer[Any]):
    """A report that staff will look at."""

    id = serializers.UUIDField()
    reason = serializers.ChoiceField([one.value for one in ReportReason], help_text="What is wrong with it.")
    state = serializers.ChoiceField(
        [one.value for one in ReportState], help_text="Whether staff have decided."
    )
    created_at = serializers.DateTimeField()


class PublishIn(StrictSerializer):
    """How a model is shown to everybody."""

    licence = serializers.ChoiceField(
        [one.value for one in Licence], required=False, help_text="Left out: the one that it has."
    )
    shows_recipe = serializers.BooleanField(
        required=False,
        help_text="Whether prompt, style, seed, maker and picture are shown; left out: as it is.",
    )
