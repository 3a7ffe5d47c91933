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

urlpatterns = [
    path("", ModelCreateApi.as_view()),
    path("/config", ModelConfigApi.as_view()),
    path("/estimate", ModelEstimateApi.as_view()),
    path("/me", MyModelListApi.as_view()),
    path("/<uuid:model_id>", ModelApi.as_view(), name="model"),
    path("/<uuid:model_id>/cancel", ModelCancelApi.as_view()),
]
