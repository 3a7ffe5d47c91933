"""Folders are paths like `marketing/emails`; the top of the library is the empty one."""

import unicodedata

from config.names import hidden_character
from prompts.domain.limits import FOLDER, FOLDER_DEPTH
from prompts.errors import FolderInvalidError


def normalized_folder(path: str) -> str:
    """One way to write each folder: no slash at either end, none doubled, no spaces around a name.

    Raises `FolderInvalidError` for what is too deep or too long, and for names that mean something else elsewhere.
    """
    names = [name.strip() for name in unicodedata.normalize("NFC", path).split("/")]
    names = [name for name in names if name]
    folder = "/".join(names)
    is_bad = (
        len(names) > FOLDER_DEPTH
        or len(folder) > FOLDER
        or any(name in (".", "..") for name in names)
        or hidden_character(folder)
    )
    if is_bad:
        raise FolderInvalidError(longest=FOLDER, depth=FOLDER_DEPTH)
    return folder
