"""Secrets at rest: encrypted with keys that can be rotated while the server runs.

`settings.ENCRYPTION_KEYS` are Fernet keys (AES-128-CBC with HMAC-SHA256, by the `cryptography` package), newest first:
the first encrypts, every one decrypts. What is stored is `<key id>:<token>`, so that `manage.py rotate_keys` finds what
an older key has encrypted. Without keys one is derived from SECRET_KEY, which suits a development machine only.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from config.errors import SecretUnreadableError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from config.env import Env

MASK = "••••"
#: Hex digits of a key's hash that name it.
KEY_ID_LENGTH = 8


class Secret:
    """A secret that shows itself only when asked by name: `reveal()`. Decrypted no earlier than that."""

    __slots__ = ("_plain", "_stored")

    def __init__(self, plain: str | None = None, *, stored: str | None = None) -> None:
        if (plain is None) == (stored is None):
            raise ValueError("A secret is either plain or stored.")
        self._plain = plain
        self._stored = stored

    def reveal(self) -> str:
        """The secret itself. Raises SecretUnreadableError."""
        if self._plain is None:
            self._plain = decrypt(self._stored or "")
        return self._plain

    @property
    def stored(self) -> str:
        """What the database keeps."""
        if self._stored is None:
            self._stored = encrypt(self._plain or "")
        return self._stored

    @property
    def last_four(self) -> str:
        """The end of a secret that is long enough for four characters not to give it away, else nothing."""
        plain = self.reveal()
        return plain[-4:] if len(plain) >= 12 else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> Any:
        raise TypeError("A secret isn't serialized.")


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """A `Secret`. The column can't be searched or sorted; `Model(field="plain")` and `Secret` are both taken."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(stored=value)

    def to_python(self, value: Any) -> Any:
        return Secret(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

    def get_prep_value(self, value: Any) -> Any:
        return value.stored if isinstance(value, Secret) else value

    def value_to_string(self, obj: models.Model) -> str:
        """For `dumpdata`: as stored, never plain."""
        return str(self.get_prep_value(self.to_python(self.value_from_object(obj))))


def encryption_keys(env: "Env") -> list[str]:
    """What the environment names; one that isn't a key is reported at the start."""
    text = env.secret("ENCRYPTION_KEYS", default="", help="Encrypt stored secrets; newest first")
    found = [key.strip() for key in text.split(",") if key.strip()]
    if not all(is_key(key) for key in found):
        env.problem(
            "holds something that is no key. Make one: python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'",
            name="ENCRYPTION_KEYS",
        )
    return found


def encrypt(plain: str) -> str:
    """`<key id>:<token>`, by the newest key."""
    key = keys()[0]
    return f"{key_id(key)}:{_fernet(key).encrypt(plain.encode()).decode()}"


def decrypt(stored: str) -> str:
    """Raises SecretUnreadableError when no key of today's fits, or when somebody has changed it."""
    from cryptography.fernet import InvalidToken

    name, _, token = stored.partition(":")
    for key in keys():
        if key_id(key) == name:
            try:
                return _fernet(key).decrypt(token.encode()).decode()
            except InvalidToken:
                break
    raise SecretUnreadableError from None


def is_current(stored: str) -> bool:
    """Whether the newest key has encrypted it."""
    return stored.startswith(f"{current_key_id()}:")


def current_key_id() -> str:
    return key_id(keys()[0])


def keys() -> Sequence[str]:
    return tuple(settings.ENCRYPTION_KEYS) or (derived_key(settings.SECRET_KEY),)


@lru_cache(maxsize=64)
def key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:KEY_ID_LENGTH]


@lru_cache(maxsize=8)
def derived_key(secret: str) -> str:
    """A Fernet key out of SECRET_KEY, by HKDF (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), length=32, salt=None, info=b"atelier.secrets").derive(secret.encode())
    return base64.urlsafe_b64encode(derived).decode()


def is_key(text: str) -> bool:
    """Whether it is a Fernet key: 32 bytes in URL-safe base64."""
    try:
        return len(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _fernet(key: str) -> "Fernet":
    from cryptography.fernet import Fernet

    return Fernet(key)
