"""What anybody could guess is no secret in production."""

import base64
import secrets
import string

import pytest
from cryptography.fernet import Fernet

from config.weak_secrets import DEV_SECRET, weakness

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "secret",
    [
        DEV_SECRET,
        f"x{DEV_SECRET}",
        "django-insecure-4$8r_q7nz0x^v2h!k9m@p3w&c6j5t1u+y-d=s#f(g)b*a%e~l",
        "please-ChangeMe-please-changeme-please-changeme-1234",
        "your-256-bit-secret-is-not-a-secret",
        "a" * 64,
        "0" * 64,
        "ab" * 40,
        "1234567890" * 6,
        "correct-horse-" * 4 + "corr",
        string.ascii_lowercase + string.ascii_uppercase,
        string.digits[::-1] * 2 + string.ascii_letters[::-1],
        "correct horse battery staple password for us",
        "MyCompanySecretKey2024!ForProduction",
        "my-super-secret-jwt-key-for-production-2024",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "iloveyou-sunshine-princess-dragon-monkey",
        "ThisIsMyVeryLongSecretStringForSigning",
        bytes(32),
        b"\xff" * 32,
        bytes(range(32)),
        b"0123456789abcdef" * 2,
    ],
)
def test_it_is_refused(secret: str | bytes) -> None:
    assert weakness(secret)


def test_what_was_drawn_at_random_passes() -> None:
    for _ in range(200):
        drawn = (
            secrets.token_urlsafe(64),
            secrets.token_hex(32),
            secrets.token_hex(16),
            secrets.token_urlsafe(24),
            base64.b32encode(secrets.token_bytes(20)).decode(),
            "".join(secrets.choice(string.ascii_lowercase) for _ in range(32)),
            base64.urlsafe_b64decode(Fernet.generate_key()),
            "".join(secrets.choice(string.digits) for _ in range(50)),
        )
        assert [weakness(secret) for secret in drawn] == [""] * len(drawn)
