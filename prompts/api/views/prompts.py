"""Prompts: kept, found, changed, used."""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request

from config.api.lists.filters import AllOf, AnyOf, BoolFilter, SearchFilter, TextFilter, time_range
from config.api.lists.reading import read_row
from config.api.lists.spec import Source
from config.api.lists.views import ListApi, ResourceApi
from config.api.schema import OneOf, operation
from config.api.views import Created, Detail, NoContent
from config.errors import NotFoundError, PreconditionFailedError
from prompts.api.filters import FolderFilter, LabelFilter
from prompts.api.serializers.prompts import PromptCreateIn, PromptFavoriteIn, PromptOut, PromptUsageIn
from prompts.api.serializers.versions import LabelledPromptOut, PromptQueryIn
from prompts.domain.names import folded, label_name
from prompts.errors import (
    FolderInvalidError,
    IncludeAmbiguousError,
    IncludeCycleError,
    IncludeLabelUnknownError,
    IncludeLimitError,
    IncludeUnknownError,
    LabelInvalidError,
    LabelNotFoundError,
    RenderedTooLongError,
    TagUnknownError,
    VariablesInvalidError,
)
from prompts.selectors import prompt_label_named_list_for, prompt_list_for
from prompts.services.prompts import prompt_create, prompt_delete, prompt_update
from prompts.services.use import prompt_favorite, prompt_use

INCLUDE_ERRORS = (
    *(IncludeUnknownError, IncludeAmbiguousError, IncludeLabelUnknownError),
    *(IncludeCycleError, IncludeLimitError, RenderedTooLongError),
)
WRITE_ERRORS = (FolderInvalidError, TagUnknownError, VariablesInvalidError, *INCLUDE_ERRORS)
AT_LABEL = Source(LabelledPromptOut, prompt_label_named_list_for)


class PromptsApi(ResourceApi):
    scope = "prompts"
    read_model = PromptOut
    selector = prompt_list_for
    route = "prompt"


class PromptListApi(PromptsApi, ListApi):
    filters = {
        "search": SearchFilter(help="Words anywhere in the title or the content."),
        "folder": FolderFilter("folder", help="Those in this folder and in the folders below it."),
        "platform": AnyOf(TextFilter("platform")),
        "tags": AnyOf(
            TextFilter("tags__key", fold=folded), help="Those that have any of these tags, by their names."
        ),
        "tags_all": AllOf(
            TextFilter("tags__key", fold=folded), help="Those that have all of these tags, by their names."
        ),
        "label": AnyOf(LabelFilter("labels__name"), help="Those that have any of these labels."),
        "is_favorite": BoolFilter(Q(is_favorite=True)),
        "is_auto_saved": BoolFilter(Q(is_auto_saved=True)),
        **time_range("created_at"),
        **time_range("updated_at"),
        **time_range("last_used_at"),
    }
    sorts = ("created_at", "updated_at", "title", "folder", "usage_count", "last_used_at")
    summary = "List prompts"

    @operation("Create a prompt", request=PromptCreateIn, status=201, errors=WRITE_ERRORS)
    def post(self, request: Request) -> Created:
        return self.created(prompt_create(owner_id=self.caller.pk, **self.read(PromptCreateIn)))


class PromptQuickSearchApi(PromptsApi, ListApi):
    filters = {"search": SearchFilter(help="Words anywhere in the title or the content.")}
    sorts = {"handy": ("-is_favorite", "-usage_count", "-touched_at")}
    default_sort = "handy"
    summary = "Find the prompt to use"
    description = "Favourites first, then what is used most, then what was changed or used last."


class PromptRecentApi(PromptsApi, ListApi):
    sorts = {"recent": ("-touched_at",)}
    default_sort = "recent"
    summary = "List recent prompts"
    description = "What was changed or used last comes first."


class PromptApi(PromptsApi):
    @operation(
        "Read a prompt",
        description=(
            "With `label`, what the version says that this label points at: the answer changes only with what it says, "
            "so that a client that sends its ETag back (`If-None-Match`) mostly gets a 304."
        ),
        response=OneOf("PromptOrLabelledPrompt", PromptOut, LabelledPromptOut),
        parameters=[PromptQueryIn],
        errors=(NotFoundError, LabelNotFoundError, LabelInvalidError),
    )
    def get(self, request: Request, **keys: Any) -> Detail:
        label = self.read_query(PromptQueryIn).get("label")
        return self.shown() if label is None else self._at_label(label_name(label))

    def _at_label(self, label: str) -> Detail:
        try:
            row = read_row(AT_LABEL, owner_id=self.caller.pk, prompt_id=self.key, label=label)
        except NotFoundError:
            self.row()
            raise LabelNotFoundError(label=label) from None
        return Detail(row)

    @operation(
        "Change a prompt",
        description=(
            "Another content or other variables make a new version. With another content, variables that it no longer "
            "has go, the others keep their declarations."
        ),
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


class PromptFavoriteApi(PromptsApi):
    @operation(
        "Mark a prompt as a favourite, or no longer",
        request=PromptFavoriteIn,
        request_example={"value": True},
        errors=(PreconditionFailedError,),
        operation_id="favoritePrompt",
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        wanted = self.read(PromptFavoriteIn)
        with self.changing() as prompt:
            prompt_favorite(prompt=prompt, **wanted)
        return self.shown()


class PromptUsageApi(PromptsApi):
    @operation(
        "Count a use of a prompt",
        description="Send an `Idempotency-Key` along: a call that is repeated with it counts once.",
        request=PromptUsageIn,
        request_example={},
        errors=(PreconditionFailedError,),
        operation_id="usePrompt",
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        wanted = self.read(PromptUsageIn)
        with self.changing() as prompt:
            prompt_use(prompt=prompt, **wanted)
        return self.shown()
