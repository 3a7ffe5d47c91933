"""What the name of a provider says about the texts that came from it."""

import re
from typing import Final

#: Providers whose texts are marked wherever they are shown: small models make mistakes and invent facts.
SMALL_MODELS: Final = frozenset({"local-model"})


def is_same_model(asked: str, answered: str) -> bool:
    """Whether a vendor that names `answered` has answered as the model that was asked: the same name, also without its
    path (`openai/gpt-4o`), or a dated version of it (`gpt-4o-2024-08-06`). A vendor that names none has."""
    one, other = (name.lower().rpartition("/")[2].removesuffix(":latest") for name in (asked, answered))
    return not other or re.fullmatch(rf"{re.escape(one)}([-@:.]?\d[\w.-]*)?", other) is not None


def is_small_model(provider: str) -> bool:
    """Whether a text of this provider was made by a small local model (`make local-llm`)."""
    return provider in SMALL_MODELS
