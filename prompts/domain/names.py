"""By what names of tags and labels are compared."""

import re
import unicodedata

from prompts.domain.limits import LABEL
from prompts.errors import LabelInvalidError

LABEL_PATTERN = rf"[^\W_][\w.-]{{0,{LABEL - 1}}}"
_LABEL = re.compile(LABEL_PATTERN)


def folded(name: str) -> str:
    """Without regard to case and width, and to how many spaces stand between its words."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def label_name(written: str) -> str:
    """A label as it is stored and compared. Raises `LabelInvalidError`."""
    name = folded(written)
    if not _LABEL.fullmatch(name):
        raise LabelInvalidError(longest=LABEL)
    return name
