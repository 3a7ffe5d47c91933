"""Addresses of 3D models, below `models`."""

from django.urls import path

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
    path("/<uuid:model_id>", ModelApi.as_view(), name="model"),
    path("/<uuid:model_id>/cancel", ModelCancelApi.as_view()),
    path("/<uuid:model_id>/report", ModelReportApi.as_view()),
    path("/<uuid:model_id>/repair", ModelRepairApi.as_view()),
    path("/<uuid:model_id>/versions", ModelVersionListApi.as_view()),
    path("/<uuid:model_id>/files/<str:format>", ModelFileApi.as_view()),
]
