"""Tells secrets that somebody could guess: published ones, and texts that nobody has drawn at random."""

from collections import Counter

#: Signs sessions and tokens on a development machine. It is public, as its text says.
DEV_SECRET = "insecure-development-secret-not-for-production-0123456789"  # noqa: S105
#: Words that stand in secrets made to be replaced: ours, Django's (`django-insecure-…`), those of examples.
PUBLIC_WORDS = (
    *("insecure", "changeme", "change-me", "change_me", "example", "placeholder"),
    *("your-256-bit-secret", "your-secret", "your_secret"),
)
#: Of 32 random bytes, or of 32 random hexadecimal digits, hardly ever so few are different.
LEAST_DIFFERENT = 8


def weakness(secret: str | bytes) -> str:
    """Why the secret must not be used, as the end of a sentence that begins with its name; empty if nothing is seen.

    A text that says what it is, one of few different characters, one that repeats itself, and one that runs through
    the alphabet. What a person thinks up passes: only its length and its look can be judged.
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
    return ""


def _repeats_itself(symbols: bytes) -> bool:
    """Whether it consists of one piece, again and again, the last time perhaps not wholly."""
    return any(symbols.startswith(symbols[length:]) for length in range(1, len(symbols) // 2 + 1))


def _is_a_row(symbols: bytes) -> bool:
    """Whether most characters follow the one before by the same step."""
    steps = Counter(after - before for before, after in zip(symbols, symbols[1:], strict=False))
    return steps.most_common(1)[0][1] > len(symbols) // 2
