"""Attachments: looked at before anything is bought, kept by reference, read when the model is asked."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from config.errors import AppError
from conversations.domain import limits
from conversations.domain.attached import text_shown
from conversations.errors import AttachmentTooLargeError, AttachmentTypeError
from conversations.models import Attachment, Message
from generation.models import StoredFile
from generation.providers.llm.base import ChatImage
from generation.providers.llm.images import image_tokens
from generation.providers.llm.tokens import estimate_tokens
from generation.services.files import file_open, files_of_owner


def attachments_new(*, owner_id: UUID, file_ids: Iterable[UUID]) -> list[Attachment]:
    """Attachments of a message that isn't there yet. Reads texts, so not while anything is locked.

    Raises `FileUnknownError` for what isn't the owner's, `AttachmentTypeError`,
    `AttachmentTooLargeError`, `FileLostError`, `FileStorageError`.
    """
    wanted = list(dict.fromkeys(file_ids))
    files = StoredFile.objects.owned_by(owner_id).in_bulk(wanted)
    if len(files) < len(wanted):
        files_of_owner(owner_id, wanted)  # says which
    return [
        Attachment(file=files[pk], position=position, tokens=_tokens(files[pk]))
        for position, pk in enumerate(wanted, start=1)
    ]


def attachments_put(message: Message, attachments: Sequence[Attachment]) -> None:
    """Attach them to a message that was stored in this transaction; nobody deletes the files meanwhile. Raises
    `FileUnknownError`."""
    files_of_owner(message.owner_id, [one.file_id for one in attachments])
    Attachment.objects.bulk_create(attachments_copied(attachments, message))


def attachments_known(*, owner_id: UUID, sha256: Iterable[str]) -> dict[str, Attachment]:
    """What the owner has of the files that are named so and can be attached, by their names. Reads texts, so not while
    anything is locked."""
    found = {}
    for file in StoredFile.objects.owned_by(owner_id).filter(sha256__in=set(sha256)).order_by("pk"):
        with suppress(AppError):
            found[file.sha256] = Attachment(file=file, tokens=_tokens(file))
    return found


def attachments_known_put(named: Mapping[Message, Sequence[str]], known: Mapping[str, Attachment]) -> int:
    """Attach to each message what is known of the files that it names; returns how many. Called in the transaction that
    stored the messages, which are of one owner. Raises `FileUnknownError`."""
    rows = [
        Attachment(message=message, file=one.file, position=position, tokens=one.tokens)
        for message, names in named.items()
        for position, one in enumerate(filter(None, map(known.get, names)), start=1)
    ]
    if rows:
        files_of_owner(rows[0].message.owner_id, {one.file_id for one in rows})
    Attachment.objects.bulk_create(rows)
    return len(rows)


def attachments_copied(attachments: Iterable[Attachment], message: Message) -> list[Attachment]:
    """The same files for another message, not stored yet."""
    return [
        Attachment(message=message, file=one.file, position=one.position, tokens=one.tokens)
        for one in attachments
    ]


def _tokens(file: StoredFile) -> int:
    """Raises `AttachmentTypeError`, `AttachmentTooLargeError`."""
    if not (file.is_text or file.is_image):
        details = {"file_id": str(file.pk)}
        raise AttachmentTypeError(name=file.name, media_type=file.media_type, details=details)
    if not file.is_image:
        _check(file, file.size, limits.ATTACHED_TEXT_BYTES)
        return estimate_tokens(text_shown([(file.name, text_of(file))]))
    _check(file, file.size, limits.ATTACHED_IMAGE_BYTES)
    _check(file, max(file.width or 0, file.height or 0), limits.ATTACHED_IMAGE_SIDE)
    return image_tokens(file.width or 0, file.height or 0)


def _check(file: StoredFile, size: int, most: int) -> None:
    if size > most:
        raise AttachmentTooLargeError(
            name=file.name, size=size, limit=most, details={"file_id": str(file.pk)}
        )


def text_of(file: StoredFile) -> str:
    with file_open(file) as content:
        return content.read().decode()


def image_of(file: StoredFile) -> ChatImage:
    with file_open(file) as content:
        return ChatImage(file.media_type, content.read(), file.width or 0, file.height or 0)
