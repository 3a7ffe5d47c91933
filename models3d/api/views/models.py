"""3D models: have one made, look at it, change it, stop it, delete it."""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request

from accounts.errors import BudgetExceededError
from accounts.selectors.budgets import budget_get
from config.api.lists.filters import AnyOf, BoolFilter, ChoiceFilter, SearchFilter, UuidFilter, time_range
from config.api.lists.views import DetailApi, LinkedApi, ListApi
from config.api.schema import operation
from config.api.shapes import ESTIMATE_EXAMPLE, EstimateOut
from config.api.views import Accepted, Answer, ApiView, NoContent
from config.errors import PreconditionFailedError
from config.files.errors import FileUnknownError
from generation.domain.states import JobStatus
from generation.errors import (
    JobLiveError,
    ModelEndedError,
    ModelUnavailableError,
    ModelUnknownError,
    PriceMissingError,
)
from models3d.api.links import link_models
from models3d.api.serializers.models import (
    PROMPT,
    Model3DCreateIn,
    Model3DOut,
    Model3DUpdateIn,
    ModelConfigOut,
)
from models3d.domain.options import ModelOptions
from models3d.domain.words import Format, Origin, Visibility
from models3d.errors import (
    ModelExistsError,
    ModelLicenceError,
    ModelMeshError,
    ModelNothingSelectedError,
    ModelPictureError,
    ModelRemixError,
    ModelRemixForbiddenError,
    ModelRemixLicenceError,
    ModelRequestUnknownError,
    ModelSourceError,
    ModelStateError,
)
from models3d.selectors.models import model_list_for
from models3d.services.models import (
    model_cancel,
    model_create,
    model_delete,
    model_estimate,
    model_update,
)
from models3d.services.quotes import model_config

MODEL_ERRORS = (PriceMissingError, ModelUnknownError, ModelEndedError, ModelUnavailableError)
SOURCE_ERRORS = (
    *(ModelSourceError, ModelRequestUnknownError, ModelNothingSelectedError, ModelExistsError, JobLiveError),
    *(FileUnknownError, ModelPictureError, ModelMeshError),
)
REMIX_ERRORS = (ModelRemixError, ModelRemixForbiddenError)
EXAMPLE = {"prompt": PROMPT, "size_mm": 100, "tags": ["杯子"]}
UPDATE_EXAMPLE = {"name": "早餐杯", "tags": ["杯子", "厨房"]}
CONFIG_EXAMPLE = {
    "models": [{"name": "sandbox:sandbox-priced", "provider": "sandbox", "title": "Sandbox"}],
    "routes": [{"provider": "sandbox", "model": "sandbox", "price_version": "built-in", "is_own_key": False}],
    "shapes": ["relief", "lithophane", "silhouette"],
    "formats": ["glb", "stl", "obj", "3mf"],
    "units": [{"name": "mm", "title": "毫米"}],
    "licences": [
        {
            "name": "CC-BY-4.0",
            "title": "知识共享 署名",
            "url": "https://creativecommons.org/licenses/by/4.0/",
            "allows_remixes": True,
            "allows_commerce": True,
        }
    ],
    "limits": {
        "prompt_characters": 500,
        "name_characters": 120,
        "description_characters": 2_000,
        "tags": 10,
        "tag_characters": 40,
        "least_mm": 0.1,
        "most_mm": 10_000.0,
        "seed": 2_147_483_647,
    },
}


class ModelsApi(LinkedApi):
    scope = "models"
    read_model = Model3DOut
    selector = model_list_for
    route = "model"
    link_rows = staticmethod(link_models)


class ModelCreateApi(ModelsApi):
    waits = True

    @operation(
        "Have a 3D model made",
        description=(
            "Of a prompt, of the selected image of a request, of a picture, or of a mesh that you have uploaded: name "
            "exactly one. Answers at once; follow the job, or the model, which have the same id. What is made is "
            "measured and drawn before it is `succeeded`; what is uploaded is only that, and costs nothing."
        ),
        request=Model3DCreateIn,
        request_example=EXAMPLE,
        status=202,
        errors=(*SOURCE_ERRORS, *REMIX_ERRORS, *MODEL_ERRORS, BudgetExceededError),
        operation_id="createModel",
    )
    def post(self, request: Request) -> Accepted:
        asked = ModelOptions(**self.read(Model3DCreateIn))
        made = model_create(owner_id=self.caller.pk, asked=asked, is_test=self.caller.is_test)
        return self.accepted(made.pk, made.pk)


class ModelEstimateApi(ModelsApi):
    @operation(
        "Rehearse a 3D model",
        description="What it would cost, by whom, and what is left of your budget. Nothing is made.",
        request=Model3DCreateIn,
        request_example=EXAMPLE,
        response=EstimateOut,
        example=ESTIMATE_EXAMPLE,
        errors=(*SOURCE_ERRORS, *MODEL_ERRORS),
        operation_id="estimateModel",
    )
    def post(self, request: Request) -> dict[str, Any]:
        asked = ModelOptions(**self.read(Model3DCreateIn))
        quote = model_estimate(owner_id=self.caller.pk, asked=asked, is_test=self.caller.is_test)
        return {"cost": quote.shown(), "budget": budget_get(self.caller.pk, is_test=quote.is_test).shown()}


class ModelConfigApi(ApiView):
    scope = "models"

    @operation(
        "Read what models can be made with",
        description="The models that you may name, who is asked otherwise, shapes, formats, units, licences, limits.",
        response=ModelConfigOut,
        example=CONFIG_EXAMPLE,
        operation_id="getModelConfig",
    )
    def get(self, request: Request) -> dict[str, Any]:
        return model_config(owner_id=self.caller.pk, is_test=self.caller.is_test)


class MyModelListApi(ModelsApi, ListApi):
    filters = {
        "status": AnyOf(ChoiceFilter(JobStatus, "job__status")),
        "origin": ChoiceFilter(Origin, help="Those that were made, or those that were brought along."),
        "visibility": ChoiceFilter(Visibility, help="Those that are public, or those that aren't."),
        "printable": BoolFilter(
            Q(is_printable=True), help="Only those that can be printed as they are, or only others."
        ),
        "format": AnyOf(ChoiceFilter(Format, "source_format", help="Of the current version's file.")),
        "request_id": UuidFilter("request", help="Those that were made of this request's images."),
        "search": SearchFilter(help="Words anywhere in name and description."),
        "is_test": BoolFilter(Q(job__is_test=True)),
        **time_range("created_at"),
    }
    summary = "List your 3D models"


class ModelApi(ModelsApi, DetailApi):
    summary = "Read a 3D model"
    description = "With its current version's report, and links to its files."

    @operation(
        "Change a 3D model",
        description="What people read about it. What is left out stays as it is.",
        request=Model3DUpdateIn,
        request_example=UPDATE_EXAMPLE,
        errors=(ModelLicenceError, ModelRemixLicenceError, PreconditionFailedError),
        operation_id="updateModel",
    )
    def patch(self, request: Request, **keys: Any) -> Answer:
        changes = self.read(Model3DUpdateIn, partial=True)
        with self.changing() as model:
            model_update(model=model, **changes)
        return self.shown()

    @operation(
        "Delete a 3D model",
        description=(
            "With all versions and files that were made of it, and from the gallery. What makes it is stopped. What it "
            "was made from stays: the image request, the picture, the file that you uploaded."
        ),
        status=204,
        errors=(PreconditionFailedError,),
        operation_id="deleteModel",
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as model:
            model_delete(model=model)
        return NoContent()


class ModelCancelApi(ModelsApi):
    @operation(
        "Stop the making of a 3D model",
        description="At its provider, too, where that can be. Cancelling twice is no error.",
        errors=[ModelStateError, PreconditionFailedError],
        operation_id="cancelModel",
    )
    def post(self, request: Request, **keys: Any) -> Answer:
        with self.changing() as model:
            model_cancel(model=model)
        return self.shown()
