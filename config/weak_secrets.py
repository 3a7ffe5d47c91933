"""Tells secrets that somebody could guess: published ones, and texts that nobody has drawn at random."""

import gzip
from collections import Counter
from functools import cache
from pathlib import Path

import django

#: Signs sessions and tokens on a development machine. It is public, as its text says.
DEV_SECRET = "insecure-development-secret-not-for-production-0123456789"  # noqa: S105
#: Words that stand in secrets made to be replaced: ours, Django's (`django-insecure-…`), those of examples.
PUBLIC_WORDS = (
    *("insecure", "changeme", "change-me", "change_me", "example", "placeholder"),
    *("your-256-bit-secret", "your-secret", "your_secret"),
)
#: Of 32 random bytes, or of 32 random hexadecimal digits, hardly ever so few are different.
LEAST_DIFFERENT = 8
#: So many letters and digits at least stand in no word that people use.
LEAST_UNWORDED = 20
SHORTEST_WORD = 4
#: What people put into secrets besides the 20,000 commonest passwords.
OWN_WORDS = (
    *(
        "jwt",
        "key",
        "token",
        "auth",
        "sign",
        "signing",
        "api",
        "app",
        "application",
        "server",
        "service",
        "atelier",
    ),
    *(
        "django",
        "prod",
        "production",
        "staging",
        "dev",
        "development",
        "test",
        "secure",
        "security",
        "safe",
        "strong",
    ),
    *(
        "super",
        "very",
        "long",
        "random",
        "string",
        "this",
        "that",
        "for",
        "the",
        "and",
        "our",
        "not",
        "should",
        "must",
    ),
)


def weakness(secret: str | bytes) -> str:
    """Why the secret must not be used, as the end of a sentence that begins with its name; empty if nothing is seen.

    A text that says what it is, one of few different characters, one that repeats itself, one that runs through the
    alphabet, and one made of words. Only the look can be judged: odd enough inventions pass.
    """
    symbols = secret.encode() if isinstance(secret, str) else secret
    text = symbols.decode("utf-8", "replace").lower()
    if any(word in text for word in PUBLIC_WORDS):
        return "is one that everybody knows, made to be replaced"
    if len(set(symbols)) < LEAST_DIFFERENT:
        return f"has only {len(set(symbols))} different characters"
    if _repeats_itself(symbols):
        return "repeats itself"
    if _is_a_row(symbols):
        return "is a row of neighbours, such as abcdef"
    if isinstance(secret, str) and _unworded(text) < LEAST_UNWORDED:
        return "is made of words and common passwords"
    return ""


def _unworded(text: str) -> int:
    """How many letters and digits are left when the longest words are taken away, from left to right."""
    words, longest = _words()
    left = position = 0
    while position < len(text):
        lengths = range(longest, 2, -1)
        word = next((length for length in lengths if text[position : position + length] in words), 0)
        left += not word and text[position].isalnum()
        position += word or 1
    return left


@cache
def _words() -> tuple[frozenset[str], int]:
    """Django's list of common passwords, which stands where its validator does, and our own. Digits alone are no word:
    a secret may be drawn of them."""
    path = Path(django.__file__).parent / "contrib" / "auth" / "common-passwords.txt.gz"
    common = gzip.decompress(path.read_bytes()).decode().split()
    words = {word for word in common if len(word) >= SHORTEST_WORD and not word.isdigit()} | {*OWN_WORDS}
    return frozenset(words), max(map(len, words))


def _repeats_itself(symbols: bytes) -> bool:
    """Whether it consists of one piece, again and again, the last time perhaps not wholly."""
    return any(symbols.startswith(symbols[length:]) for length in range(1, len(symbols) // 2 + 1))


def _is_a_row(symbols: bytes) -> bool:
    """Whether most characters follow the one before by the same step."""
    steps = Counter(after - before for before, after in zip(symbols, symbols[1:], strict=False))
    return steps.most_common(1)[0][1] > len(symbols) // 2
