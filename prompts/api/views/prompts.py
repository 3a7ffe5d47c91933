"""Prompts."""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request

from config.api.lists.filters import BoolFilter, SearchFilter, TextFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Created, Detail, NoContent
from config.errors import PreconditionFailedError
from prompts.api.serializers.prompts import PromptCreateIn, PromptOut, PromptVersionOut
from prompts.errors import FolderInvalidError, TagUnknownError
from prompts.selectors import prompt_list_for, prompt_version_list_for
from prompts.services.prompts import prompt_create, prompt_delete, prompt_update

WRITE_ERRORS = (FolderInvalidError, TagUnknownError)


class PromptsApi(ResourceApi):
    scope = "prompts"
    read_model = PromptOut
    selector = prompt_list_for
    route = "prompt"


class PromptListApi(PromptsApi, ListApi):
    filters = {
        "search": SearchFilter(help="Words anywhere in the title or the content."),
        "platform": TextFilter("platform"),
        "is_favorite": BoolFilter(Q(is_favorite=True)),
        "is_auto_saved": BoolFilter(Q(is_auto_saved=True)),
        **time_range("created_at"),
        **time_range("updated_at"),
    }
    sorts = ("created_at", "updated_at", "title", "usage_count", "last_used_at")
    summary = "List prompts"

    @operation("Create a prompt", request=PromptCreateIn, status=201, errors=WRITE_ERRORS)
    def post(self, request: Request) -> Created:
        return self.created(prompt_create(owner_id=self.caller.pk, **self.read(PromptCreateIn)))


class PromptApi(PromptsApi, DetailApi):
    summary = "Read a prompt"

    @operation(
        "Change a prompt",
        description="Another content or other variables make a new version.",
        request=PromptCreateIn,
        request_example={"folder": "work/emails", "metrics": {"clarity": 90}},
        errors=(*WRITE_ERRORS, PreconditionFailedError),
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(PromptCreateIn, partial=True)
        with self.changing() as prompt:
            prompt_update(prompt=prompt, **changes)
        return self.shown()

    @operation("Delete a prompt with its versions", status=204, errors=(PreconditionFailedError,))
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as prompt:
            prompt_delete(prompt=prompt)
        return NoContent()


class PromptVersionListApi(ListApi):
    scope = "prompts"
    read_model = PromptVersionOut
    selector = prompt_version_list_for
    parent = prompt_list_for
    sorts = ("number", "created_at")
    default_sort = "-number"
    summary = "List a prompt's versions"
