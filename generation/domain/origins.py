"""What the name of a provider says about the texts that came from it."""

from typing import Final

#: Providers whose texts are marked wherever they are shown: small models make mistakes and invent facts.
SMALL_MODELS: Final = frozenset({"local-model"})


def is_small_model(provider: str) -> bool:
    """Whether a text of this provider was made by a small local model (`make local-llm`)."""
    return provider in SMALL_MODELS
