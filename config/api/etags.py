"""Entity tags: telling whether somebody's copy is still the current one (RFC 9110, sections 8.8 and 13)."""

import hashlib
import re

TAG = re.compile(r'(?:W/)?"([^"]*)"')


def body_etag(body: bytes) -> str:
    """A strong tag computed from the bytes of the answer."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def matches(header: str, etag: str) -> bool:
    """Whether an If-Match or If-None-Match header names this tag, or is `*`.

    Weak tags are compared by their text alone. All our tags are strong; a proxy that compresses on the way marks
    them weak (nginx does), and the reader must still be able to send its change back.
    """
    if header.strip() == "*":
        return True
    return etag.strip('"') in TAG.findall(header)
