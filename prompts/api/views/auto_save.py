"""Prompts that a program keeps while somebody works."""

from rest_framework.request import Request

from config.api.schema import operation
from config.api.views import Answer
from prompts.api.serializers.auto_save import PromptAutoSaveIn
from prompts.api.views.prompts import WRITE_ERRORS, PromptsApi
from prompts.services.auto_save import prompt_auto_save


class PromptAutoSaveApi(PromptsApi):
    @operation(
        "Save a prompt by itself",
        description=(
            "For programs that keep what somebody sends to a model. The same content, platform and address within five "
            "minutes change the prompt that is there (200) instead of making one (201): an answer comes later, or its "
            "tags. An account has at most 100 of these; the oldest that is no favourite goes, and one that was changed "
            "by `PATCH /prompts/{id}` is no longer one of them."
        ),
        request=PromptAutoSaveIn,
        status=201,
        known="It was there already, and has what is new.",
        errors=WRITE_ERRORS,
        operation_id="autoSavePrompt",
    )
    def post(self, request: Request) -> Answer:
        prompt, is_new = prompt_auto_save(owner_id=self.caller.pk, **self.read(PromptAutoSaveIn))
        return self.created(prompt) if is_new else Answer(self.row_json(prompt.pk))
