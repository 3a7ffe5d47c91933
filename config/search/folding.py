"""What makes two texts the same to a search: neither case nor width, and nothing else."""

import unicodedata
from collections.abc import Iterable


def folded(text: str) -> str:
    """The text without differences of case and width: NFKC and Unicode's case folding (`ＡＢＣ` → `abc`, `ﬁ` → `fi`).

    Once more NFKC at the end, since folding may undo a composition. Traditional and simplified characters stay what
    they are.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def folded_words(texts: Iterable[str]) -> str:
    """What is kept of a row's texts: their folded words with one space between, so that no word spans two of them."""
    return " ".join(word for text in texts for word in folded(text).split())


def search_terms(asked: str) -> tuple[str, ...]:
    """The different words of a search, all of which a row must contain somewhere."""
    return tuple(dict.fromkeys(folded(asked).split()))
