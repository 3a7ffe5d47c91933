"""Secrets at rest: encrypted with keys that can be rotated while the server runs.

`settings.ENCRYPTION_KEYS` are Fernet keys (AES-128-CBC with HMAC-SHA256, by the `cryptography` package), newest first:
the first encrypts, every one decrypts. What is stored is `<key id>:<token>`, so that `manage.py rotate_keys` finds what
an older key has encrypted. Without keys one is derived from SECRET_KEY, which suits a development machine only;
production refuses to start so.

No frame that can raise has a key or a decrypted text in it: tracebacks with local variables show neither.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models

from config.env import Hidden
from config.errors import SecretUnreadableError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from config.env import Env

    TextField = models.TextField["str | Secret", "Secret"]
else:
    TextField = models.TextField

MASK = "••••"
#: So many characters of a secret, one after the other, give too much of it away.
TELLING = 16
#: Hex digits of a key's hash that name it.
KEY_ID_LENGTH = 8
#: What tells an encrypted text from a plain one where both are text: in the files of `dumpdata`.
DUMPED = "encrypted:"


class Secret:
    """A secret that shows itself only when asked by name: `reveal()`. Decrypted no earlier than that, and anew each
    time, so that what is kept for long (rows in a cache) keeps nothing plain. Immutable; equal when both say the same.
    """

    __slots__ = ("_plain", "_stored")

    def __init__(self, plain: str | None = None, *, stored: str | None = None) -> None:
        if (plain is None) == (stored is None):
            raise ValueError("A secret is either plain or stored.")
        self._plain = plain
        self._stored = stored

    def reveal(self) -> str:
        """The secret itself. Raises SecretUnreadableError."""
        return decrypt(self.stored) if self._plain is None else self._plain

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

    def is_within(self, text: str) -> bool:
        """Whether `text` gives it away: has `TELLING` characters of it in a row, or all of a shorter one. Of one that
        is shorter than eight characters nobody could say so."""
        plain = self.reveal()
        size = min(len(plain), TELLING)
        return size >= 8 and any(
            plain[start : start + size] in text for start in range(len(plain) - size + 1)
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self._stored is not None and self._stored == other._stored:
            return True
        return compare_digest(_bytes(self.reveal()), _bytes(other.reveal()))

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> Any:
        raise TypeError("A secret isn't serialized.")


class EncryptedTextField(TextField):
    """A `Secret`. Text that is assigned, or given to `update()`, is a plain secret and is encrypted.

    The column can't be searched by what it means: `filter(secret=Secret(stored=…))` and `secret__startswith` compare
    the encrypted text, which is how rotation finds its rows and changes only what nobody else has changed.
    """

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(stored=value)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(DUMPED):
            return Secret(stored=value.removeprefix(DUMPED))
        return _as_secret(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if not hasattr(value, "resolve_expression"):
            value = _as_secret(value)
            setattr(model_instance, self.attname, value)
        return value

    def get_prep_value(self, value: Any) -> Any:
        secret = _as_secret(value)
        return None if secret is None else secret.stored

    def value_to_string(self, obj: models.Model) -> str:
        """For `dumpdata`: as stored, never plain, and so that `loaddata` knows it again."""
        return f"{DUMPED}{self.get_prep_value(self.value_from_object(obj))}"


def _as_secret(value: Any) -> Secret | None:
    if value is None or isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(value)
    raise TypeError(f"A secret is text, not {type(value).__name__}.")


def encryption_keys(env: "Env") -> list[str]:
    """What the environment names, split at commas, blanks and lines; one that isn't a key is reported at the start."""
    text = env.secret("ENCRYPTION_KEYS", default="", help="Encrypt stored secrets; newest first")
    found: list[str] = [Hidden(key) for key in re.split(r"[,\s]+", text) if key]
    if not all(is_key(key) for key in found):
        env.problem(
            "holds something that is no key. Make one: python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'",
            name="ENCRYPTION_KEYS",
        )
    return found


def encrypt(plain: str) -> str:
    """`<key id>:<token>`, by the newest key. Takes any text, even one that has no UTF-8."""
    key = keys()[0]
    return f"{key_id(key)}:{_fernet(key).encrypt(_bytes(plain)).decode()}"


def decrypt(stored: str) -> str:
    """Raises SecretUnreadableError when no key of today's fits, or when somebody has changed it."""
    plain = _decrypted(stored)
    if plain is None:
        raise SecretUnreadableError
    return plain


def is_current(stored: str) -> bool:
    """Whether the newest key has encrypted it."""
    return stored.startswith(f"{current_key_id()}:")


def current_key_id() -> str:
    return key_id(keys()[0])


def key_id_of(stored: str) -> str:
    """The id of the key that has encrypted it, as it says itself; empty when it says nothing of the kind."""
    name = stored.partition(":")[0]
    return name if re.fullmatch(rf"[0-9a-f]{{{KEY_ID_LENGTH}}}", name) else ""


def keys() -> Sequence[str]:
    """All that decrypt, the one that encrypts first. Last stands the derived one, so that what was stored before there
    were keys is still read, and rotated, when there are some."""
    return (*settings.ENCRYPTION_KEYS, derived_key(settings.SECRET_KEY))


@lru_cache(maxsize=64)
def key_id(key: str) -> str:
    """By the key's bytes: base64 has several spellings of the same."""
    return hashlib.sha256(base64.urlsafe_b64decode(key)).hexdigest()[:KEY_ID_LENGTH]


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
        return len(key_bytes(text)) == 32
    except ValueError:
        return False


def key_bytes(key: str) -> bytes:
    """What the key consists of. Raises ValueError for what is no base64."""
    return base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)


def _decrypted(stored: str) -> str | None:
    """None when it can't be. Raises nothing, as its frame knows the keys."""
    from cryptography.fernet import InvalidToken

    name, _, token = stored.partition(":")
    for key in keys():
        if key_id(key) == name:
            try:
                return _fernet(key).decrypt(_bytes(token)).decode("utf-8", "surrogatepass")
            except (InvalidToken, UnicodeDecodeError):
                continue
    return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=64)
def _fernet(key: str) -> "Fernet":
    from cryptography.fernet import Fernet

    return Fernet(key)
