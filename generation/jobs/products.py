"""The files of what was ordered, copied from the vendor where it gives a link. Nobody has looked at them yet.

What can't be copied is a `ProviderError` that is always charged: a link that can't be read now is tried again, one that
won't get better isn't.
"""

from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import BinaryIO

from django.conf import settings

from config.db import release_connection
from generation.providers.image.base import ImageAnswer
from generation.providers.image.download import download
from generation.providers.links import not_copied
from generation.providers.mesh.base import MeshAnswer, MeshFormat
from generation.providers.mesh.download import copy_mesh


def picture_bytes(answer: ImageAnswer) -> bytes:
    """The picture of a done answer."""
    if answer.picture is None:
        raise ValueError("Nothing is done yet.")
    release_connection()
    return answer.picture.data or download(
        answer.picture.url, provider=answer.provider, most_bytes=settings.FILE_MAX_BYTES
    )


def mesh_file(answer: MeshAnswer, format: MeshFormat | None = None) -> BinaryIO:
    """The file of this format, else the first, of a done answer: temporary, gone once it is closed, and at its
    beginning. An OBJ may be a ZIP that holds it."""
    if not answer.files:
        raise ValueError("Nothing is done yet.")
    found = next((file for file in answer.files if format in (None, file.format)), None)
    if found is None:
        raise not_copied(f"The provider made no {format}.", answer.provider)
    release_connection()
    with ExitStack() as unless_copied:
        copy = unless_copied.enter_context(TemporaryFile())
        copy_mesh(found, copy, provider=answer.provider, most_bytes=settings.MESH_MAX_BYTES)
        copy.seek(0)
        unless_copied.pop_all()
    return copy
