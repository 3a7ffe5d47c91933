"""Users' own keys at the vendors: kept, changed, verified, and what the engine learns about them.

A stored key is only ever sent to the address that it was entered for: who changes the address enters the key again.
Otherwise a stolen session could have it sent to a server of the thief's. Which models a vendor has is asked by a
function that the engine registers (`register_verifier`), as accounts know no vendor's protocol.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import (
    ProviderKeyLimitError,
    ProviderKeyNeededError,
    ProviderKeyNoCreditError,
    ProviderKeyRefusedError,
)
from accounts.models import ProviderKey
from accounts.models.actions import Action
from accounts.models.keys import AT_HOME
from accounts.selectors.keys import provider_keys_forget
from accounts.services.activities import row_record
from accounts.services.locks import account_lock
from config.api.throttling import count
from config.crypto import Secret
from config.db import release_connection
from config.egress.errors import EgressTimeoutError, EgressUnreachableError
from config.egress.resolution import resolve
from config.egress.urls import check_url
from config.errors import (
    AppError,
    NotFoundError,
    PreconditionFailedError,
    RateLimitedError,
    SecretUnreadableError,
)

KEYS_PER_USER = 50
MAX_ADDRESS_LENGTH = 500
VERIFICATIONS_PER_MINUTE = 10
#: A name server that is slower than this is asked when a call is made.
LOOKUP_SECONDS = 2.0
#: In one process. A vendor that hangs must not take every thread of the web server along.
VERIFICATIONS_AT_ONCE = 4

CHANGEABLE = frozenset(
    {"name", "secret", "base_url", "model_name", "input_micros", "output_micros", "is_active"}
)
#: What the engine's codes mean where the key is the user's own: its sentences send people to the operator.
OWN_ERRORS: dict[str, type[AppError]] = {
    "PROVIDER_AUTH_FAILED": ProviderKeyRefusedError,
    "PROVIDER_QUOTA_EXHAUSTED": ProviderKeyNoCreditError,
}


@dataclass(frozen=True, slots=True)
class KeyQuestion:
    """What is verified. An empty `base_url` means the vendor's own address, an empty `model_name` any model."""

    provider: str
    secret: Secret
    base_url: str
    model_name: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What the vendor answered: the models that the key may use. Servers that show them to everybody, as most of one's
    own do, have not looked at the key (`is_key_checked`)."""

    models: tuple[str, ...]
    is_key_checked: bool


Verifier = Callable[[KeyQuestion], Verified]

_verifiers: list[Verifier] = []
_at_once = BoundedSemaphore(VERIFICATIONS_AT_ONCE)


def register_verifier(verifier: Verifier) -> None:
    """Say who asks vendors; called once, when the program starts. It raises `AppError` only: ProviderKeyRefusedError,
    ProviderKeyNoCreditError, ProviderModelUnknownError, or why the key couldn't be checked."""
    _verifiers[:] = [verifier]


# -- written by the owner ------------------------------------------------------------------------------------------


def key_create(
    *,
    owner_id: UUID,
    provider: str,
    secret: Secret,
    name: str = "",
    base_url: str = "",
    model_name: str = "",
    input_micros: int | None = None,
    output_micros: int | None = None,
    is_active: bool = True,
    verify: bool = False,
) -> ProviderKey:
    """Keep a key; with `verify` only after its vendor has taken it (outside of a transaction, for seconds).

    Raises EgressRefusedError (`base_url`), ValidationError, ProviderKeyLimitError, TokenInvalidError (the owner was
    deleted a moment ago), and with `verify` what `key_try` raises.
    """
    key = ProviderKey(
        owner_id=owner_id,
        provider=provider,
        secret=secret,
        last_four=secret.last_four,
        name=name,
        base_url=_address(base_url),
        model_name=model_name,
        input_micros=input_micros,
        output_micros=output_micros,
        is_active=is_active,
    )
    _check(key)
    key_address_check(base_url=key.base_url)
    if verify:
        _check_room(owner_id)
        _ask(owner_id, _question(key))
        key.verified_at = timezone.now()
    with transaction.atomic():
        account_lock(owner_id)
        _check_room(owner_id)
        key.save(force_insert=True)
        row_record(key, Action.CREATE_API_KEY)
        transaction.on_commit(partial(provider_keys_forget, owner_id))
    return key


def key_address_check(*, base_url: str) -> None:
    """Look up where an address leads, before the transaction that keeps it. Raises EgressRefusedError, ValidationError.

    A name server that fails or is slow keeps nobody from keeping it: every call looks it up anew.
    """
    if not (address := _address(base_url)):
        return
    release_connection()
    with suppress(EgressTimeoutError, EgressUnreachableError):
        resolve(check_url(address), within_s=LOOKUP_SECONDS)


@transaction.atomic
def key_update(*, key: ProviderKey, proof: KeyQuestion | None = None, **changes: Any) -> ProviderKey:
    """Change a key (`CHANGEABLE`); `key` is its row as it is now, locked. Another address has passed
    `key_address_check`, or is part of the proof.

    `proof` is what `key_try_change` has had verified for the same changes; when the row has become another one since,
    PreconditionFailedError is raised. Raises ProviderKeyNeededError (another address without the key),
    EgressRefusedError, ValidationError.
    """
    before = (key.base_url, key.model_name)
    question = _apply(key, changes)
    if proof is not None and proof != question:
        raise PreconditionFailedError
    fields = {*changes}
    if proof is not None or "secret" in changes or before != (key.base_url, key.model_name):
        key.verified_at = timezone.now() if proof is not None else None
        key.error_code = ""
        fields |= {"verified_at", "error_code"}
    if "secret" in changes:
        key.last_four = key.secret.last_four
        fields.add("last_four")
    if fields:
        key.save(update_fields=[*fields, "updated_at"])
        row_record(
            key,
            Action.UPDATE_API_KEY,
            fields=sorted(changes.keys() - {"secret"}),
            replaced="secret" in changes,
        )
        transaction.on_commit(partial(provider_keys_forget, key.owner_id))
    return key


@transaction.atomic
def key_delete(*, key: ProviderKey) -> None:
    """Forget a key. Calls that are under way with it end as they do."""
    deleted, _per_model = ProviderKey.objects.filter(pk=key.pk).delete()
    if deleted:
        row_record(key, Action.DELETE_API_KEY)
    transaction.on_commit(partial(provider_keys_forget, key.owner_id))


def key_set_active(*, key: ProviderKey, is_active: bool) -> bool:
    """Have calls made with the key, or no longer; for staff. False when it was so already."""
    changed = ProviderKey.objects.filter(pk=key.pk, is_active=not is_active)
    found = changed.update(is_active=is_active, updated_at=timezone.now())
    transaction.on_commit(partial(provider_keys_forget, key.owner_id))
    return bool(found)


# -- verified ------------------------------------------------------------------------------------------------------


def key_try(
    *, owner_id: UUID, provider: str, secret: Secret, base_url: str = "", model_name: str = ""
) -> Verified:
    """Ask the vendor about a key that isn't kept (yet). Takes seconds: call it outside of a transaction.

    Raises EgressRefusedError, ValidationError, RateLimitedError (10 a minute for each user, 4 at once for each
    process), and what the verifier raises.
    """
    key = ProviderKey(provider=provider, secret=secret, base_url=_address(base_url), model_name=model_name)
    _check(key)
    return _ask(owner_id, _question(key))


def key_try_change(*, key: ProviderKey, **changes: Any) -> KeyQuestion:
    """The same for a kept key as it would be after `changes`; the proof that `key_update` takes. `key` is changed, so
    it can't be used afterwards."""
    question = _apply(key, changes)
    _ask(key.owner_id, question)
    return question


def key_verify(*, key: ProviderKey) -> Verified:
    """Ask the vendor about a kept key, and note what it says of the key. Raises as `key_try` does."""
    question = _question(key)
    try:
        found = _ask(key.owner_id, question)
    except (ProviderKeyRefusedError, ProviderKeyNoCreditError) as refused:
        _note(key, question, refused.code, verified_at=None, error_code=refused.code)
        raise
    except RateLimitedError:
        raise
    except AppError as failed:
        _note(key, question, failed.code)
        raise
    _note(key, question, "ok", verified_at=timezone.now(), error_code="")
    return found


# -- learned by the engine -----------------------------------------------------------------------------------------


def key_refused(key_id: UUID, code: str, *, secret: Secret | None = None) -> bool:
    """Note why the vendor has refused a key; whether that was news. One statement, which writes only if it is.

    `code` is a provider's error code. `secret`, as it was read, keeps a refusal of an older key from blaming the one
    that has been entered meanwhile.
    """
    code = OWN_ERRORS[code].code if code in OWN_ERRORS else code
    keys = ProviderKey.objects.filter(pk=key_id).exclude(error_code=code)
    return bool((keys.filter(secret=secret) if secret is not None else keys).update(error_code=code))


def key_worked(key_id: UUID) -> bool:
    """Forget such a refusal; whether there was one. Ask only where `error_code` isn't empty: it is a statement."""
    return bool(ProviderKey.objects.filter(pk=key_id).exclude(error_code="").update(error_code=""))


# -- inside --------------------------------------------------------------------------------------------------------


def _question(key: ProviderKey) -> KeyQuestion:
    return KeyQuestion(key.provider, key.secret, key.base_url, key.model_name)


def _apply(key: ProviderKey, changes: dict[str, Any]) -> KeyQuestion:
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise ValueError(f"not changeable: {', '.join(sorted(unknown))}")
    if "base_url" in changes:
        changes["base_url"] = _address(changes["base_url"])
        if changes["base_url"] != key.base_url and "secret" not in changes and not _is_empty(key.secret):
            raise ProviderKeyNeededError
    for name, value in changes.items():
        setattr(key, name, value)
    _check(key)
    return _question(key)


def _is_empty(secret: Secret) -> bool:
    try:
        return not secret.reveal()
    except SecretUnreadableError:
        return False


def _address(base_url: str) -> str:
    """As it is kept: in one spelling, without the last slash. Raises EgressRefusedError, ValidationError."""
    if not base_url:
        return ""
    url = check_url(base_url).url
    if "?" in url:
        raise _invalid(
            "base_url", _("The address can't have a query (?…): it is continued with /models."), "query"
        )
    if len(url) > MAX_ADDRESS_LENGTH:  # longer than what was typed: letters of other scripts are spelled out
        raise _invalid("base_url", _("The address is too long."), "max_length")
    return url.rstrip("/")


def _check(key: ProviderKey) -> None:
    """What its parts must be to each other."""
    if key.provider == ProviderKey.Provider.CUSTOM:
        if not key.base_url:
            raise _invalid("base_url", _("A server of your own needs its address."), "required")
    elif _is_empty(key.secret):
        raise _invalid("api_key", _("This provider needs a key."), "required")
    if key.provider in AT_HOME and key.base_url:
        raise _invalid("base_url", _("This provider is reached at its own address only."), "invalid")
    if (key.input_micros is None) != (key.output_micros is None):
        missing = "input_micros" if key.input_micros is None else "output_micros"
        raise _invalid(missing, _("Give both prices or none."), "required")


def _invalid(field: str, message: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code)})


def _check_room(owner_id: UUID) -> None:
    if ProviderKey.objects.owned_by(owner_id).count() >= KEYS_PER_USER:
        raise ProviderKeyLimitError(limit=KEYS_PER_USER)


def _ask(owner_id: UUID, question: KeyQuestion) -> Verified:
    """Have the vendor asked, while this thread holds no connection to the database."""
    window = count(f"verify:{owner_id}", VERIFICATIONS_PER_MINUTE, seconds=60)
    if window.is_over:
        raise RateLimitedError(retry_after=window.reset)
    if not _at_once.acquire(blocking=False):
        raise RateLimitedError(retry_after=1)
    try:
        release_connection()
        return _verifiers[0](question)
    finally:
        _at_once.release()


@transaction.atomic
def _note(key: ProviderKey, asked: KeyQuestion, result: str, **fields: Any) -> None:
    """Write down what a verification found, unless the key is another one by now. Raises NotFoundError when it is
    gone."""
    row = ProviderKey.objects.select_for_update().filter(pk=key.pk).first()
    if row is None:
        raise NotFoundError
    if fields and _question(row) == asked:
        ProviderKey.objects.filter(pk=key.pk).update(**fields)
        transaction.on_commit(partial(provider_keys_forget, key.owner_id))
    row_record(key, Action.VERIFY_API_KEY, result=result)
