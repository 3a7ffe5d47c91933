"""By what names of tags and labels are compared."""

import unicodedata


def folded(name: str) -> str:
    """Without regard to case and width, and to how many spaces stand between its words."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
