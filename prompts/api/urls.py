"""Addresses of the prompt library, below /api/v1/."""

from django.urls import path

from prompts.api.views import prompts, tags

urlpatterns = [
    path("prompts", prompts.PromptListApi.as_view()),
    path("prompts/<uuid:prompt_id>", prompts.PromptApi.as_view(), name="prompt"),
    path("prompts/<uuid:prompt_id>/versions", prompts.PromptVersionListApi.as_view()),
    path("tags", tags.TagListApi.as_view()),
    path("tags/<uuid:tag_id>", tags.TagApi.as_view(), name="tag"),
    path("tags/<uuid:tag_id>/prompts", tags.TagPromptListApi.as_view()),
]
