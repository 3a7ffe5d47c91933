"""Addresses of the prompt library, below /api/v1/."""

from django.urls import path

from prompts.api.views import (
    auto_save,
    batches,
    cases,
    optimizations,
    prompts,
    tags,
    transfers,
    versions,
)

urlpatterns = [
    path("prompts", prompts.PromptListApi.as_view()),
    path("prompts/auto-save", auto_save.PromptAutoSaveApi.as_view()),
    path("prompts/export", transfers.PromptExportApi.as_view()),
    path("prompts/import", transfers.PromptImportApi.as_view()),
    path("prompts/batch", batches.PromptBatchApi.as_view()),
    path("prompts/quick-search", prompts.PromptQuickSearchApi.as_view()),
    path("prompts/recent", prompts.PromptRecentApi.as_view()),
    path("prompts/<uuid:prompt_id>", prompts.PromptApi.as_view(), name="prompt"),
    path("prompts/<uuid:prompt_id>/favorite", prompts.PromptFavoriteApi.as_view()),
    path("prompts/<uuid:prompt_id>/usage", prompts.PromptUsageApi.as_view()),
    path("prompts/<uuid:prompt_id>/render", versions.PromptRenderApi.as_view()),
    path("prompts/<uuid:prompt_id>/diff", versions.PromptDiffApi.as_view()),
    path("prompts/<uuid:prompt_id>/versions", versions.PromptVersionListApi.as_view()),
    path("prompts/<uuid:prompt_id>/versions/<int:number>", versions.PromptVersionApi.as_view()),
    path(
        "prompts/<uuid:prompt_id>/versions/<int:number>/restore", versions.PromptVersionRestoreApi.as_view()
    ),
    path("prompts/<uuid:prompt_id>/labels", versions.PromptLabelListApi.as_view()),
    path("prompts/<uuid:prompt_id>/labels/<str:label>", versions.PromptLabelApi.as_view()),
    path("prompts/<uuid:prompt_id>/cases", cases.PromptCaseListApi.as_view()),
    path("prompts/<uuid:prompt_id>/evaluate", cases.EvaluateApi.as_view()),
    path("prompts/<uuid:prompt_id>/evaluate/estimate", cases.EvaluateEstimateApi.as_view()),
    path("prompts/cases", cases.CaseListApi.as_view()),
    path("prompts/cases/<uuid:case_id>", cases.CaseApi.as_view(), name="prompt-case"),
    path("prompts/evaluations", cases.EvaluationListApi.as_view()),
    path("prompts/evaluations/<uuid:evaluation_id>", cases.EvaluationApi.as_view()),
    path("prompts/evaluations/<uuid:evaluation_id>/report", cases.EvaluationReportApi.as_view()),
    path("prompts/evaluations/<uuid:evaluation_id>/trials", cases.EvaluationTrialListApi.as_view()),
    path("tags", tags.TagListApi.as_view()),
    path("tags/<uuid:tag_id>", tags.TagApi.as_view(), name="tag"),
    path("tags/<uuid:tag_id>/merge", tags.TagMergeApi.as_view()),
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
