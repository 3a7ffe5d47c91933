"""Addresses of the prompt library, below /api/v1/."""

from django.urls import path

from prompts.api.views import auto_save, batches, optimizations, prompts, tags

urlpatterns = [
    path("prompts", prompts.PromptListApi.as_view()),
    path("prompts/auto-save", auto_save.PromptAutoSaveApi.as_view()),
    path("prompts/batch", batches.PromptBatchApi.as_view()),
    path("prompts/<uuid:prompt_id>", prompts.PromptApi.as_view(), name="prompt"),
    path("prompts/<uuid:prompt_id>/versions", prompts.PromptVersionListApi.as_view()),
    path("tags", tags.TagListApi.as_view()),
    path("tags/<uuid:tag_id>", tags.TagApi.as_view(), name="tag"),
    path("tags/<uuid:tag_id>/prompts", tags.TagPromptListApi.as_view()),
    path("optimize", optimizations.OptimizeApi.as_view()),
    path("optimize/estimate", optimizations.OptimizeEstimateApi.as_view()),
    path("optimize/config", optimizations.OptimizeConfigApi.as_view()),
    path("optimize/history", optimizations.OptimizationListApi.as_view()),
    path(
        "optimize/history/<uuid:optimization_id>",
        optimizations.OptimizationApi.as_view(),
        name="optimization",
    ),
    path("optimize/history/<uuid:optimization_id>/rate", optimizations.OptimizationRateApi.as_view()),
    path("optimize/history/<uuid:optimization_id>/iterate", optimizations.OptimizationIterateApi.as_view()),
    path("optimize/history/<uuid:optimization_id>/save", optimizations.OptimizationSaveApi.as_view()),
]
