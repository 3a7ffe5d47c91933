"""How names and addresses are written down, so that what looks the same is the same."""

import unicodedata

PUNYCODE = "xn--"


def normalized_username(text: str) -> str:
    """NFKC without blanks around: full-width letters become plain ones, Chinese stays what it is."""
    return unicodedata.normalize("NFKC", text).strip()


def normalized_email(text: str) -> str:
    """The domain in lower case (it has none of its own); the part before it stays as its owner writes it."""
    local, _, domain = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    return f"{local}@{domain.lower()}"


def folded(name: str) -> str:
    """By what names and addresses are compared: without regard to case, whatever their script (NFKC and case fold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def folded_email(address: str) -> str:
    """`folded`, with the domain as people write it: `xn--…` is another spelling of the same one (RFC 3492)."""
    local, at, domain = folded(address).rpartition("@")
    return f"{local}{at}{'.'.join(_readable(label) for label in domain.split('.'))}"


def _readable(label: str) -> str:
    if not label.startswith(PUNYCODE):
        return label
    try:
        return folded(label.removeprefix(PUNYCODE).encode("ascii").decode("punycode"))
    except UnicodeError:
        return label


def is_email(login: str) -> bool:
    """Whether somebody logs in with an e-mail address: usernames never contain an @."""
    return "@" in login
