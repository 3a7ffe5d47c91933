"""Addresses of 3D models, below `models`."""

from django.urls import path

from models3d.api.views.downloads import ModelDownloadApi
from models3d.api.views.gallery import (
    GalleryListApi,
    GalleryModelApi,
    GalleryRemixesApi,
    GalleryReportApi,
    LicenceListApi,
)
from models3d.api.views.interactions import (
    ModelFavoriteApi,
    ModelInteractionApi,
    ModelLikeApi,
    ModelPublishApi,
    ModelUnpublishApi,
)
from models3d.api.views.models import (
    ModelApi,
    ModelCancelApi,
    ModelConfigApi,
    ModelCreateApi,
    ModelEstimateApi,
    MyModelListApi,
)
from models3d.api.views.versions import (
    ModelFileApi,
    ModelRepairApi,
    ModelReportApi,
    ModelVersionListApi,
)

urlpatterns = [
    path("", ModelCreateApi.as_view()),
    path("/config", ModelConfigApi.as_view()),
    path("/estimate", ModelEstimateApi.as_view()),
    path("/me", MyModelListApi.as_view()),
    path("/licences", LicenceListApi.as_view()),
    path("/public", GalleryListApi.as_view()),
    path("/public/<uuid:public_model_id>", GalleryModelApi.as_view(), name="public-model"),
    path("/public/<uuid:public_model_id>/report", GalleryReportApi.as_view()),
    path("/<uuid:public_model_id>/remixes", GalleryRemixesApi.as_view()),
    path("/<uuid:public_model_id>/download", ModelDownloadApi.as_view()),
    path("/<uuid:public_model_id>/like", ModelLikeApi.as_view()),
    path("/<uuid:public_model_id>/favorite", ModelFavoriteApi.as_view()),
    path("/<uuid:public_model_id>/interaction-status", ModelInteractionApi.as_view()),
    path("/<uuid:model_id>", ModelApi.as_view(), name="model"),
    path("/<uuid:model_id>/cancel", ModelCancelApi.as_view()),
    path("/<uuid:model_id>/report", ModelReportApi.as_view()),
    path("/<uuid:model_id>/repair", ModelRepairApi.as_view()),
    path("/<uuid:model_id>/versions", ModelVersionListApi.as_view()),
    path("/<uuid:model_id>/files/<str:format>", ModelFileApi.as_view()),
    path("/<uuid:model_id>/publish", ModelPublishApi.as_view()),
    path("/<uuid:model_id>/unpublish", ModelUnpublishApi.as_view()),
]
