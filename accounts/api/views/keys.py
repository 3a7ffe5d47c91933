"""Users' own keys at providers. An access token may list them, but only a logged-in session touches them.

Whatever asks a provider does so in this request, before any transaction begins: see docs/adr/0013-own-keys.md.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from rest_framework.request import Request

from accounts.api.serializers.keys import (
    PROVIDERS,
    ProviderKeyCreateIn,
    ProviderKeyOut,
    ProviderKeyTryIn,
    ProviderKeyUpdateIn,
    VerifiedOut,
    verified_out,
)
from accounts.errors import (
    ProviderKeyLimitError,
    ProviderKeyNeededError,
    ProviderKeyNoCreditError,
    ProviderKeyRefusedError,
    ProviderKeyUncheckedError,
    ProviderModelUnknownError,
)
from accounts.models import ProviderKey
from accounts.selectors import provider_key_get_for, provider_key_list_for
from accounts.services import key_create, key_delete, key_try, key_try_change, key_update, key_verify
from config.api.lists import BoolFilter, ChoiceFilter, SearchFilter, read_row, time_range
from config.api.lists.views import DetailApi, ListApi
from config.api.schema import operation
from config.api.views import ApiView, Created, Detail, NoContent
from config.egress import EgressRefusedError, EgressTimeoutError, EgressUnreachableError
from config.errors import NotFoundError, PreconditionFailedError

TAG = "api-keys"
SCOPE = "api-keys"
WRITES = frozenset({"POST", "PATCH", "DELETE"})
REFUSALS = (
    ProviderKeyRefusedError,
    ProviderKeyNoCreditError,
    ProviderKeyUncheckedError,
    ProviderModelUnknownError,
    EgressRefusedError,
    EgressUnreachableError,
    EgressTimeoutError,
)
EXAMPLE = {
    "id": "019a6f60-4c1e-7d30-b2aa-6f1d2c3b4a60",
    "provider": "deepseek",
    "name": "团队的密钥 our team's",
    "last_four": "f3a9",
    "base_url": "",
    "model_name": "deepseek-chat",
    "input_micros": None,
    "output_micros": None,
    "is_active": True,
    "verified_at": "2026-01-31T08:00:00.000000Z",
    "error_code": "",
    "created_at": "2026-01-31T08:00:00.000000Z",
    "updated_at": "2026-01-31T08:00:00.000000Z",
}
VERIFIED_EXAMPLE = {"models": ["deepseek-chat", "deepseek-reasoner"], "is_key_checked": True}


class ProviderKeyListApi(ListApi):
    scope = SCOPE
    session_methods = WRITES
    keeps_answers = False
    read_model = ProviderKeyOut
    selector = provider_key_list_for
    filters = {
        "provider": ChoiceFilter(PROVIDERS),
        "is_active": BoolFilter(Q(is_active=True)),
        "has_error": BoolFilter(~Q(error_code="")),
        "search": SearchFilter("name", help="Text anywhere in the name."),
        **time_range("created_at"),
    }
    sorts = ("created_at", "name")
    summary = "List provider keys"
    description = "Keys of your own at AI providers, without the keys themselves."
    tag = TAG
    example = EXAMPLE

    @operation(
        "Add a provider key",
        tag=TAG,
        description=(
            "Your calls are made with your own active keys first, the oldest of them before the others, and only then "
            "with the operator's. They are recorded, but count towards no budget: you pay the provider. The key is "
            "encrypted; nothing but its last four characters is ever shown again."
        ),
        request=ProviderKeyCreateIn,
        request_example={
            "provider": "custom",
            "name": "机房里的 Ollama 🦙",
            "base_url": "https://ollama.example.com/v1",
            "model_name": "qwen3:8b",
            "input_micros": 0,
            "output_micros": 0,
        },
        response=ProviderKeyOut,
        status=201,
        example=EXAMPLE,
        errors=[ProviderKeyLimitError, *REFUSALS],
    )
    def post(self, request: Request) -> Created:
        key = key_create(owner_id=self.caller.pk, **self.read(ProviderKeyCreateIn))
        row = read_row(ProviderKeyApi.source, owner_id=self.caller.pk, key_id=key.pk)
        return Created(row, f"/api/v1/api-keys/{key.pk}")


class ProviderKeyApi(DetailApi):
    scope = SCOPE
    session_methods = WRITES
    read_model = ProviderKeyOut
    selector = provider_key_get_for
    summary = "Read a provider key"
    tag = TAG
    example = EXAMPLE

    @operation(
        "Change a provider key",
        tag=TAG,
        description=(
            "`api_key` replaces the key. Another `base_url` needs the key, too: a stored key is sent only to the "
            "address that it was entered for. What was verified before counts as not verified when either, or the "
            "model, changes."
        ),
        request=ProviderKeyUpdateIn,
        request_example={"name": "旧密钥", "is_active": False},
        response=ProviderKeyOut,
        example=EXAMPLE,
        errors=[PreconditionFailedError, ProviderKeyNeededError, *REFUSALS],
    )
    def patch(self, request: Request, key_id: UUID) -> Detail:
        changes = self.read(ProviderKeyUpdateIn)
        proof = None
        if changes.pop("verify"):
            key = key_of(self.caller.pk, key_id)
            self.check_if_match(self.current_etag(request, key_id=key_id))
            proof = key_try_change(key=key, **changes)
        with transaction.atomic():
            key = key_of(self.caller.pk, key_id, for_update=True)
            self.check_if_match(self.current_etag(request, key_id=key_id))
            key_update(key=key, proof=proof, **changes)
        return Detail(read_row(self.source, owner_id=self.caller.pk, key_id=key_id))

    @operation("Delete a provider key", tag=TAG, status=204)
    def delete(self, request: Request, key_id: UUID) -> NoContent:
        key_delete(key=key_of(self.caller.pk, key_id))
        return NoContent()


class ProviderKeyVerifyApi(ApiView):
    scope = SCOPE
    session_methods = WRITES
    keeps_answers = False

    @operation(
        "Verify a provider key",
        tag=TAG,
        description=(
            "Asks the provider for its models with the key, which costs nothing, and notes what it says of the key. "
            "Ten times a minute at most."
        ),
        response=VerifiedOut,
        example=VERIFIED_EXAMPLE,
        errors=REFUSALS,
    )
    def post(self, request: Request, key_id: UUID) -> dict[str, Any]:
        return verified_out(key_verify(key=key_of(self.caller.pk, key_id)))


class ProviderKeyTryApi(ApiView):
    scope = SCOPE
    session_methods = WRITES
    keeps_answers = False

    @operation(
        "Verify a provider key before it is added",
        tag=TAG,
        description="The same for a key that isn't kept, now or by this. Ten times a minute at most.",
        request=ProviderKeyTryIn,
        request_example={"provider": "deepseek", "api_key": "sk-…"},
        response=VerifiedOut,
        example=VERIFIED_EXAMPLE,
        errors=REFUSALS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        return verified_out(key_try(owner_id=self.caller.pk, **self.read(ProviderKeyTryIn)))


def key_of(owner_id: UUID, key_id: UUID, *, for_update: bool = False) -> ProviderKey:
    """Raises NotFoundError."""
    keys = provider_key_get_for(owner_id, key_id)
    key = (keys.select_for_update() if for_update else keys).first()
    if key is None:
        raise NotFoundError
    return key
