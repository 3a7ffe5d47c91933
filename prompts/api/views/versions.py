"""Versions of a prompt, what they differ in, the labels that point at them, and what they say filled in."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from config.api.lists.reading import read_row
from config.api.lists.spec import Source
from config.api.lists.views import ListApi
from config.api.schema import operation
from config.api.views import ApiView, Detail
from config.errors import NotFoundError, PreconditionFailedError
from prompts.api.serializers.variables import PromptRenderIn, RenderedPromptOut
from prompts.api.serializers.versions import (
    HIGHEST_NUMBER,
    DiffIn,
    DiffOut,
    LabelMoveIn,
    PromptLabelOut,
    PromptVersionBriefOut,
    PromptVersionOut,
)
from prompts.api.views.prompts import INCLUDE_ERRORS, WRITE_ERRORS, PromptsApi
from prompts.domain.diff import DiffBy, diff
from prompts.domain.variables import declaration_changes
from prompts.errors import (
    CasesFailError,
    LabelInvalidError,
    LabelLimitError,
    LabelNotFoundError,
    PromptVersionUnknownError,
    VariableValuesInvalidError,
)
from prompts.selectors import (
    prompt_label_list_for,
    prompt_list_for,
    prompt_render_for,
    prompt_version_list_for,
    prompt_version_numbered_list_for,
)
from prompts.services.labels import label_move, label_remove
from prompts.services.prompts import prompt_restore, version_of

VERSION = Source(PromptVersionOut, prompt_version_numbered_list_for)


class PromptPartApi(PromptsApi):
    """What stands below a prompt: `key` is the prompt's."""

    @property
    def key(self) -> UUID:
        key: UUID = self.kwargs["prompt_id"]
        return key


class PromptVersionListApi(ListApi):
    scope = "prompts"
    read_model = PromptVersionBriefOut
    selector = prompt_version_list_for
    parent = prompt_list_for
    sorts = ("number", "created_at")
    default_sort = "-number"
    summary = "List a prompt's versions"


class PromptVersionApi(ApiView):
    scope = "prompts"

    @operation("Read a version of a prompt", response=PromptVersionOut, errors=(NotFoundError,))
    def get(self, request: Request, prompt_id: UUID, number: int) -> Detail:
        if number > HIGHEST_NUMBER:
            raise NotFoundError
        return Detail(read_row(VERSION, owner_id=self.caller.pk, prompt_id=prompt_id, number=number))


class PromptVersionRestoreApi(PromptPartApi):
    @operation(
        "Restore a version of a prompt",
        description="What it says becomes a new version, the latest. If the latest says the same, nothing changes.",
        errors=(NotFoundError, PreconditionFailedError, *WRITE_ERRORS),
        operation_id="restorePromptVersion",
    )
    def post(self, request: Request, number: int, **keys: Any) -> Detail:
        with self.changing() as prompt:
            prompt_restore(prompt=prompt, number=number)
        return self.shown()


class PromptDiffApi(PromptPartApi):
    @operation(
        "Compare two versions of a prompt",
        response=DiffOut,
        example={
            "from_version": 1,
            "to_version": 2,
            "parts": [
                {"op": "equal", "text": "写一封"},
                {"op": "insert", "text": "长"},
                {"op": "equal", "text": "邮件"},
            ],
            "variables": {"added": [], "removed": [], "changed": []},
        },
        parameters=[DiffIn],
        errors=(NotFoundError, PromptVersionUnknownError),
    )
    def get(self, request: Request, **keys: Any) -> dict[str, Any]:
        wanted = self.read_query(DiffIn)
        prompt = self.row()
        number = wanted.get("to_version", prompt.version)
        later = version_of(prompt, number)
        earlier = version_of(prompt, wanted.get("from_version", max(1, number - 1)))
        parts = diff(earlier.content, later.content, DiffBy(wanted["by"]))
        return {
            "from_version": earlier.number,
            "to_version": later.number,
            "parts": [{"op": part.op, "text": part.text} for part in parts],
            "variables": declaration_changes(earlier.variables, later.variables),
        }


class PromptLabelListApi(ListApi):
    scope = "prompts"
    read_model = PromptLabelOut
    selector = prompt_label_list_for
    parent = prompt_list_for
    sorts = ("name", "updated_at")
    default_sort = "name"
    summary = "List a prompt's labels"


class PromptLabelApi(PromptPartApi):
    @operation(
        "Let a label point at a version of a prompt",
        description=(
            "Labels are called `production`, `staging`, or as you like: letters of any script, digits, `-`, `_`, `.`, "
            "without regard to case and width. A new one is made, one that there is is moved; where it pointed before "
            "stands among the activities. `production` goes to no version that fails a case of the prompt (as it was "
            "tried last), unless a `reason` is given, which is recorded. `If-Match` takes the prompt's ETag."
        ),
        request=LabelMoveIn,
        request_example={"version": 1},
        errors=(
            *(NotFoundError, PreconditionFailedError, PromptVersionUnknownError),
            *(LabelInvalidError, LabelLimitError, CasesFailError, *INCLUDE_ERRORS),
        ),
    )
    def put(self, request: Request, label: str, **keys: Any) -> Detail:
        wanted = self.read(LabelMoveIn)
        with self.changing() as prompt:
            label_move(prompt=prompt, label=label, number=wanted["version"], reason=wanted.get("reason", ""))
        return self.shown()

    @operation(
        "Remove a label of a prompt",
        description="The version that it pointed at stays.",
        errors=(NotFoundError, LabelNotFoundError, PreconditionFailedError),
    )
    def delete(self, request: Request, label: str, **keys: Any) -> Detail:
        with self.changing() as prompt:
            label_remove(prompt=prompt, label=label)
        return self.shown()


class PromptRenderApi(PromptsApi):
    @operation(
        "Fill in a prompt",
        description=(
            "Puts values in the places of the variables, and the prompts that it includes (`{{> folder/title@label}}`) "
            "in theirs. It is done once: braces in a value stay braces."
        ),
        request=PromptRenderIn,
        request_example={"values": {"language": "中文", "topic": "本周进展"}, "label": "production"},
        response=RenderedPromptOut,
        example={"text": "用中文写一封关于本周进展的周报邮件。", "version": 1, "included": []},
        errors=(NotFoundError, LabelNotFoundError, VariableValuesInvalidError, *INCLUDE_ERRORS),
        operation_id="renderPrompt",
    )
    def post(self, request: Request, **keys: Any) -> dict[str, Any]:
        wanted = self.read(PromptRenderIn)
        rendered = prompt_render_for(self.caller.pk, self.row(), **wanted)
        return {
            "text": rendered.text,
            "version": rendered.version,
            "included": [
                {"prompt_id": one.prompt_id, "title": one.title, "version": one.version}
                for one in rendered.included
            ],
        }
