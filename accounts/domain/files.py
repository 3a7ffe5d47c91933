"""Where the files of an account lie."""

from uuid import UUID

FOLDER = "users/"


def owner_prefix(user_id: UUID) -> str:
    """The folder of the default storage below which every file of this account lies, with a slash at its end.

    `upload_to` of whatever an account owns begins with it, so that its files can be found when its rows are gone.
    """
    return f"{FOLDER}{user_id}/"


def is_owner_prefix(folder: str) -> bool:
    """Whether this is exactly one account's folder, and nothing that holds more."""
    name = folder.removeprefix(FOLDER).removesuffix("/")
    try:
        return owner_prefix(UUID(name)) == folder
    except ValueError:
        return False


def is_inner_folder(folder: str) -> bool:
    """Whether this is a folder inside an account's, with a slash at its end."""
    names = folder.removeprefix(FOLDER).split("/")
    inner = names[1:-1]
    return (
        is_owner_prefix(f"{FOLDER}{names[0]}/")
        and folder == f"{FOLDER}{names[0]}/{'/'.join(inner)}/"
        and bool(inner)
        and not {"", ".", ".."} & set(inner)
    )


def is_owners_key(key: str) -> bool:
    """Whether this is the key of one file in an account's folder."""
    folder, _, name = key.rpartition("/")
    return is_owner_prefix(f"{folder}/") and name not in ("", ".", "..")
