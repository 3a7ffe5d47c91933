"""Tags of a model: words, compared without regard to case and width."""

from collections.abc import Iterable

from config.search.folding import folded


def tag_of(word: str) -> str:
    """A tag as it is kept."""
    return " ".join(folded(word).split())


def tags_of(words: Iterable[str]) -> list[str]:
    """Each once, in the order in which they were given."""
    return list(dict.fromkeys(filter(None, map(tag_of, words))))
