"""One act on many prompts."""

from typing import Any

from rest_framework.request import Request

from config.api.language import language_of
from config.api.schema import operation
from config.api.views import ApiView
from prompts.api.serializers.batches import PromptBatchDoneOut, PromptBatchIn
from prompts.api.views.prompts import WRITE_ERRORS
from prompts.services.batches import BatchResult, prompts_batch

_KEY = "01970c7e-26a1-7c80-9f4e-0d3a52a1b001"


class PromptBatchApi(ApiView):
    scope = "prompts"

    @operation(
        "Change many prompts at once",
        description=(
            "At most 500. Each item has a result of its own: one that isn't there (`NOT_FOUND`), stands twice "
            "(`PROMPT_REPEATED`) or would have too many tags (`PROMPT_TAGS_FULL`) leaves the others alone. What is "
            "wrong with the batch itself, such as a tag that isn't yours, changes nothing."
        ),
        request=PromptBatchIn,
        request_example={"action": "move", "ids": [_KEY], "folder": "work/emails"},
        response=PromptBatchDoneOut,
        example={
            "succeeded": 1,
            "failed": 0,
            "results": [{"id": _KEY, "is_done": True, "code": None, "message": None}],
        },
        errors=WRITE_ERRORS,
        operation_id="batchPrompts",
    )
    def post(self, request: Request) -> dict[str, Any]:
        told = self.read(PromptBatchIn)
        results = prompts_batch(owner_id=self.caller.pk, prompt_ids=told.pop("ids"), **told)
        failed = sum(result.error is not None for result in results)
        language = language_of(request._request)
        return {
            "succeeded": len(results) - failed,
            "failed": failed,
            "results": [_shown(result, language) for result in results],
        }


def _shown(result: BatchResult, language: str) -> dict[str, Any]:
    error = result.error
    return {
        "id": result.prompt_id,
        "is_done": error is None,
        "code": error and error.code,
        "message": error and error.message(language),
    }
