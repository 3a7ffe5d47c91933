"""Tags."""

from typing import Any

from django.db import transaction
from rest_framework.request import Request

from config.api.lists.filters import SearchFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Created, Detail, NoContent
from config.errors import PreconditionFailedError
from prompts.api.serializers.prompts import PromptOut
from prompts.api.serializers.tags import TagBrief, TagCreateIn, TagMergeIn, TagOut
from prompts.errors import TagMergedIntoItselfError, TagNameTakenError, TagUnknownError
from prompts.selectors import tag_list_for, tag_prompt_list_for
from prompts.services.tags import tag_create, tag_delete, tag_merge, tag_update, tags_lock


class TagsApi(ResourceApi):
    scope = "prompts"
    tag = "tags"
    read_model = TagOut
    selector = tag_list_for
    route = "tag"


class TagListApi(TagsApi, ListApi):
    filters = {"search": SearchFilter(help="Words anywhere in the name."), **time_range("created_at")}
    sorts = ("name", "created_at", "updated_at")
    default_sort = "name"
    summary = "List tags"

    @operation("Create a tag", request=TagCreateIn, status=201, errors=(TagNameTakenError,))
    def post(self, request: Request) -> Created:
        return self.created(tag_create(owner_id=self.caller.pk, **self.read(TagCreateIn)))


class TagApi(TagsApi, DetailApi):
    summary = "Read a tag"

    @operation(
        "Change a tag",
        request=TagCreateIn,
        request_example={"name": "写作 writing"},
        errors=(TagNameTakenError, PreconditionFailedError),
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(TagCreateIn, partial=True)
        with self.changing() as tag:
            tag_update(tag=tag, **changes)
        return self.shown()

    @operation("Delete a tag", description="Its prompts stay.", status=204, errors=(PreconditionFailedError,))
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as tag:
            tag_delete(tag=tag)
        return NoContent()


class TagMergeApi(TagsApi):
    @operation(
        "Merge a tag into another",
        description="Its prompts get the other tag, and it goes.",
        request=TagMergeIn,
        request_example={"into": TagBrief.example()["id"]},
        errors=(TagMergedIntoItselfError, TagUnknownError, PreconditionFailedError),
        operation_id="mergeTag",
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        into = self.read(TagMergeIn)["into"]
        with transaction.atomic():
            tags_lock(owner_id=self.caller.pk, tag_ids=(self.key, into))
            with self.changing() as tag:
                tag_merge(tag=tag, into=into)
        return self.shown(into)


class TagPromptListApi(ListApi):
    scope = "prompts"
    tag = "tags"
    read_model = PromptOut
    selector = tag_prompt_list_for
    parent = tag_list_for
    sorts = ("created_at", "updated_at", "title")
    summary = "List a tag's prompts"
