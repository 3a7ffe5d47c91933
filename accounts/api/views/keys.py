"""Users' own keys at providers. An access token may list them, but only a logged-in session touches them.

Whatever asks a provider does so in this request, before any transaction begins: see docs/adr/0013-own-keys.md.
"""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request

from accounts.api.serializers.keys import (
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
from accounts.selectors.keys import provider_key_list_for
from accounts.services.keys import (
    key_address_check,
    key_create,
    key_delete,
    key_try,
    key_try_change,
    key_update,
    key_verify,
)
from config.api.lists.filters import BoolFilter, ChoiceFilter, SearchFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Created, Detail, NoContent
from config.egress.errors import EgressRefusedError, EgressTimeoutError, EgressUnreachableError
from config.errors import PreconditionFailedError

REFUSALS = (
    ProviderKeyRefusedError,
    ProviderKeyNoCreditError,
    ProviderKeyUncheckedError,
    ProviderModelUnknownError,
    EgressRefusedError,
    EgressUnreachableError,
    EgressTimeoutError,
)
VERIFIED_EXAMPLE = {"models": ["deepseek-flash", "deepseek-pro"], "is_key_checked": True}


class ProviderKeysApi(ResourceApi):
    scope = "api-keys"
    session_methods = frozenset({"POST", "PATCH", "DELETE"})
    keeps_answers = False
    read_model = ProviderKeyOut
    selector = provider_key_list_for
    route = "provider-key"


class ProviderKeyListApi(ProviderKeysApi, ListApi):
    filters = {
        "provider": ChoiceFilter(ProviderKey.Provider),
        "is_active": BoolFilter(Q(is_active=True)),
        "has_error": BoolFilter(~Q(error_code="")),
        "search": SearchFilter(help="Words anywhere in the name."),
        **time_range("created_at"),
    }
    sorts = ("created_at", "name")
    summary = "List provider keys"
    description = "Keys of your own at AI providers, without the keys themselves."

    @operation(
        "Add a provider key",
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
        status=201,
        errors=[ProviderKeyLimitError, *REFUSALS],
    )
    def post(self, request: Request) -> Created:
        return self.created(key_create(owner_id=self.caller.pk, **self.read(ProviderKeyCreateIn)))


class ProviderKeyApi(ProviderKeysApi, DetailApi):
    summary = "Read a provider key"

    @operation(
        "Change a provider key",
        description=(
            "`api_key` replaces the key. Another `base_url` needs the key, too: a stored key is sent only to the "
            "address that it was entered for. What was verified before counts as not verified when either, or the "
            "model, changes."
        ),
        request=ProviderKeyUpdateIn,
        request_example={"name": "旧密钥", "is_active": False},
        errors=[PreconditionFailedError, ProviderKeyNeededError, *REFUSALS],
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(ProviderKeyUpdateIn)
        proof = None
        if changes.pop("verify"):
            self.check_if_match(self.current_etag)
            proof = key_try_change(key=self.row(), **changes)
        else:
            key_address_check(base_url=changes.get("base_url", ""))
        with self.changing() as key:
            key_update(key=key, proof=proof, **changes)
        return self.shown()

    @operation("Delete a provider key", status=204)
    def delete(self, request: Request, **keys: Any) -> NoContent:
        key_delete(key=self.row())
        return NoContent()


class ProviderKeyVerifyApi(ProviderKeysApi):
    works_in_transaction = False

    @operation(
        "Verify a provider key",
        description=(
            "Asks the provider for its models with the key, which costs nothing, and notes what it says of the key. "
            "Ten times a minute at most."
        ),
        response=VerifiedOut,
        example=VERIFIED_EXAMPLE,
        errors=REFUSALS,
    )
    def post(self, request: Request, **keys: Any) -> dict[str, Any]:
        return verified_out(key_verify(key=self.row()))


class ProviderKeyTryApi(ProviderKeysApi):
    works_in_transaction = False

    @operation(
        "Verify a provider key before it is added",
        description="The same for a key that isn't kept, now or by this. Ten times a minute at most.",
        request=ProviderKeyTryIn,
        request_example={"provider": "deepseek", "api_key": "sk-…"},
        response=VerifiedOut,
        example=VERIFIED_EXAMPLE,
        errors=REFUSALS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        return verified_out(key_try(owner_id=self.caller.pk, **self.read(ProviderKeyTryIn)))
