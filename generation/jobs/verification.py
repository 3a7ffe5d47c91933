"""Asks a vendor whether it takes a user's own key, for accounts, which know no vendor's protocol."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import cast

from django.conf import settings

from accounts.errors import (
    ProviderKeyNoCreditError,
    ProviderKeyRefusedError,
    ProviderKeyUncheckedError,
    ProviderModelUnknownError,
)
from accounts.services.keys import KeyQuestion, Verified
from config.egress.errors import EgressRefusedError, EgressTimeoutError, EgressUnreachableError, Reason
from config.egress.urls import check_url
from config.errors import AppError
from generation.domain.catalogue import MESH
from generation.providers import base, registry
from generation.providers.base import ProviderError
from generation.providers.errors import (
    ProviderBadAnswerError,
    ProviderOverloadedError,
    ProviderRateLimitedError,
)
from generation.providers.guarded import guarded
from generation.providers.llm.listing import KEY_CHECKING, MAX_MODELS, list_models
from generation.providers.llm.openai_wire import dialect_of_url
from generation.providers.mesh.base import MeshMaker
from generation.selectors.catalogue import catalogue

TIMEOUT_S = 10.0
NEAR = 5
#: How alike two names must be for one to be meant by the other, between 0 and 1.
LIKENESS = 0.4

#: What a failed look-up means for whoever verifies a key. What isn't here was an answer that nobody can read.
MEANING: Mapping[str, type[AppError]] = {
    base.AUTH_FAILED: ProviderKeyRefusedError,
    base.QUOTA_EXHAUSTED: ProviderKeyNoCreditError,
    base.MODEL_NOT_FOUND: ProviderKeyUncheckedError,
    base.BAD_REQUEST: ProviderKeyUncheckedError,
    base.UNAVAILABLE: EgressUnreachableError,
    base.CONNECTION_LOST: EgressUnreachableError,
    base.TIMEOUT: EgressTimeoutError,
    base.RATE_LIMITED: ProviderRateLimitedError,
    base.OVERLOADED: ProviderOverloadedError,
}


def verify_key(question: KeyQuestion) -> Verified:
    """The models that the key may use, at the user's address or the vendor's; takes up to `TIMEOUT_S`.

    Raises ProviderKeyRefusedError, ProviderKeyNoCreditError, ProviderModelUnknownError, and where the key couldn't be
    checked: EgressRefusedError, EgressUnreachableError, EgressTimeoutError, ProviderKeyUncheckedError,
    ProviderRateLimitedError, ProviderOverloadedError, ProviderBadAnswerError.
    """
    if not registry.chats(question.provider):
        return _verify_maker(question)
    vendor: Mapping[str, str] = settings.PROVIDER_VENDORS.get(question.provider, {})
    if question.base_url:
        check_url(question.base_url)
    base_url = question.base_url or vendor["base_url"]
    try:
        models = list_models(
            provider=question.provider,
            api_key=question.secret.reveal(),
            base_url=base_url,
            dialect=vendor.get("dialect", "generic"),
            transport=guarded if question.base_url else None,
            timeout_s=TIMEOUT_S,
        )
    except ProviderError as error:
        failure = _meaning(error)
    else:
        dialect = dialect_of_url(base_url) if question.base_url else vendor["dialect"]
        return _found(question, models, is_key_checked=dialect in KEY_CHECKING)
    # Outside the handler, so that no exception that knows the key hangs on ours.
    raise failure


def _verify_maker(question: KeyQuestion) -> Verified:
    """Of vendors that make meshes: they list no models, so those of the catalogue are told."""
    try:
        maker = registry.own_maker(
            MESH, question.provider, api_key=question.secret.reveal(), base_url="", model=""
        )
        cast(MeshMaker, maker).check_key(timeout_s=TIMEOUT_S)
    except ProviderError as error:
        failure = _meaning(error)
    else:
        entries = catalogue().entries.values()
        return _found(
            question,
            [one.name for one in entries if (one.capability, one.provider) == (MESH, question.provider)],
            is_key_checked=True,
        )
    raise failure


def _found(question: KeyQuestion, models: Sequence[str], *, is_key_checked: bool) -> Verified:
    """The answer, without names in which a server repeats the key that it was sent."""
    names = tuple(name for name in models if not question.secret.is_within(name))
    wanted = question.model_name
    # A list that is cut off denies nothing, and Ollama means `:latest` by a name without a tag.
    if wanted and len(models) < MAX_MODELS and wanted not in names and f"{wanted}:latest" not in names:
        raise ProviderModelUnknownError(model=wanted, near=near_names(wanted, names))
    return Verified(names, is_key_checked)


def near_names(name: str, models: Sequence[str]) -> list[str]:
    """The listed names that may have been meant, at most `NEAR`; the first ones when none is alike."""
    return get_close_matches(name, models, NEAR, LIKENESS) or list(models[:NEAR])


def _meaning(error: ProviderError) -> AppError:
    if error.code == base.ADDRESS_REFUSED:
        return EgressRefusedError(Reason.ADDRESS)
    kind = MEANING.get(error.code, ProviderBadAnswerError)
    return kind(retry_after=error.retry_after)
