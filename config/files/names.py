"""Names of files as they are kept and sent."""

import re
import unicodedata
from pathlib import PurePosixPath

from config.names import hidden_character

LONGEST = 200
UNNAMED = "file"
BLANKS = re.compile(r"\s+")


def file_name(given: str) -> str:
    """What a client calls the file, without folders and without what nobody sees; `file` where nothing is left.

    A long name keeps its ending.
    """
    name = BLANKS.sub(" ", given).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if not hidden_character(character))
    name = unicodedata.normalize("NFC", name).strip(" .")
    if len(name) <= LONGEST:
        return name or UNNAMED
    ending = PurePosixPath(name).suffix[:20]
    return name[: LONGEST - len(ending)] + ending
