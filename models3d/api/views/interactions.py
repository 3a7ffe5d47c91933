"""What people do with public models."""

from typing import Any

from rest_framework.request import Request

from config.api.schema import operation
from config.api.views import Answer
from config.errors import PreconditionFailedError
from models3d.api.serializers.gallery import InteractionOut, MarkIn, PublishIn
from models3d.api.views.gallery import PublicModelsApi
from models3d.api.views.models import ModelsApi
from models3d.errors import (
    ModelHiddenError,
    ModelIsTestError,
    ModelLicenceError,
    ModelRemixLicenceError,
    ModelStateError,
)
from models3d.selectors.gallery import interaction_get
from models3d.services.interactions import model_favourite, model_like
from models3d.services.publishing import model_publish, model_unpublish

INTERACTION = {
    "is_liked": True,
    "is_favorite": False,
    "views": 81,
    "likes": 12,
    "favorites": 4,
    "downloads": 7,
}


class InteractionApi(PublicModelsApi):
    """What an account says of a public model, which may be anybody's."""

    def interaction(self) -> dict[str, Any]:
        found = interaction_get(model_id=self.key, user_id=self.caller.pk)
        names = {"is_favourite": "is_favorite", "favourites": "favorites"}
        return {names.get(name, name): value for name, value in found.items()}


class ModelLikeApi(InteractionApi):
    @operation(
        "Like a public model, or no longer",
        description="With a `value`, saying it again changes nothing; without one it becomes the opposite.",
        request=MarkIn,
        request_example={"value": True},
        response=InteractionOut,
        example=INTERACTION,
        operation_id="likeModel",
    )
    def post(self, request: Request, **keys: Any) -> dict[str, Any]:
        model_like(model_id=self.key, user_id=self.caller.pk, **self.read(MarkIn))
        return self.interaction()


class ModelFavoriteApi(InteractionApi):
    @operation(
        "Keep a public model among your favourites, or no longer",
        description="With a `value`, saying it again changes nothing; without one it becomes the opposite.",
        request=MarkIn,
        request_example={"value": True},
        response=InteractionOut,
        example={**INTERACTION, "is_favorite": True},
        operation_id="favoriteModel",
    )
    def post(self, request: Request, **keys: Any) -> dict[str, Any]:
        model_favourite(model_id=self.key, user_id=self.caller.pk, **self.read(MarkIn))
        return self.interaction()


class ModelInteractionApi(InteractionApi):
    @operation(
        "Read what you have said of a public model",
        response=InteractionOut,
        example=INTERACTION,
        operation_id="getModelInteraction",
    )
    def get(self, request: Request, **keys: Any) -> dict[str, Any]:
        return self.interaction()


# -- its owner ---------------------------------------------------------------------------------------------------------


class ModelPublishApi(ModelsApi):
    @operation(
        "Publish a 3D model",
        description=(
            "Show it to everybody, under a licence. Publishing again changes licence and recipe; its place among the "
            "newest is that of the first time. A remix has to follow the licence of what it was made of."
        ),
        request=PublishIn,
        request_example={"licence": "CC-BY-4.0", "shows_recipe": True},
        errors=(
            ModelStateError,
            ModelIsTestError,
            ModelHiddenError,
            ModelLicenceError,
            ModelRemixLicenceError,
            PreconditionFailedError,
        ),
        operation_id="publishModel",
    )
    def post(self, request: Request, **keys: Any) -> Answer:
        asked = self.read(PublishIn)
        with self.changing() as model:
            model_publish(model=model, **asked)
        return self.shown()


class ModelUnpublishApi(ModelsApi):
    @operation(
        "Take a 3D model out of the gallery",
        description="Nobody but you sees it any more. What people said of it stays, in case it comes back.",
        errors=(PreconditionFailedError,),
        operation_id="unpublishModel",
    )
    def post(self, request: Request, **keys: Any) -> Answer:
        with self.changing() as model:
            model_unpublish(model=model)
        return self.shown()
