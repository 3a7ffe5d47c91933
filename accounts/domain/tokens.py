"""What an access token looks like: `atl_live_` or `atl_test_`, 32 random characters, 6 characters of checksum.

The prefix lets scanners of source code recognise a leaked token; the checksum lets them and us tell a mistyped or
made-up one without asking anybody (the layout follows GitHub's tokens: github.blog, 2021-04-05, "Behind GitHub's new
authentication token formats").
"""

import hashlib
import re
import secrets
import string
import zlib

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
LIVE_PREFIX = "atl_live_"
TEST_PREFIX = "atl_test_"
#: 62**32 is about 2**190: nobody guesses one, so a plain hash is enough to store it.
RANDOM_LENGTH = 32
#: The least that holds every CRC-32: 62**6 > 2**32.
CHECKSUM_LENGTH = 6
SHAPE = re.compile(rf"(?:{LIVE_PREFIX}|{TEST_PREFIX})[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}")


def token_make(*, is_test: bool) -> str:
    """A new token. It can't be had a second time: keep `token_hash` of it."""
    prefix = TEST_PREFIX if is_test else LIVE_PREFIX
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + checksum(body)


def is_ours(text: str) -> bool:
    """Whether it means to be an access token, well-formed or not."""
    return text.startswith((LIVE_PREFIX, TEST_PREFIX))


def is_well_formed(token: str) -> bool:
    """Whether it can have been made here; whether it was, only the database knows."""
    if not SHAPE.fullmatch(token):
        return False
    return checksum(token[:-CHECKSUM_LENGTH]) == token[-CHECKSUM_LENGTH:]


def checksum(body: str) -> str:
    """The CRC-32 of everything that stands before it, in base 62, padded with zeros."""
    number = zlib.crc32(body.encode("ascii"))
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def token_hash(token: str) -> str:
    """SHA-256 in hex: what is stored in the token's place, and by what it is found."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()
