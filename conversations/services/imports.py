"""Imports: take a file in, and bring its conversations in one by one."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from accounts.services.activities import row_record
from config.db import uuid7
from config.errors import AppError
from config.files.content import Content
from config.files.errors import FileEmptyError, FileUnknownError
from config.files.names import file_name
from config.names import hidden_character
from config.sql.writes import insert_all
from conversations.domain import limits
from conversations.domain.imports import ours
from conversations.domain.imports.records import (
    ConversationReason,
    FileReason,
    ImportedConversation,
    ImportedItem,
    ImportedMessage,
    Omission,
    RefusedConversation,
)
from conversations.domain.roles import Role
from conversations.domain.transfers import ImportState
from conversations.errors import (
    ImportConversationEmptyError,
    ImportConversationInvalidError,
    ImportConversationTooLargeError,
    ImportConversationUnknownError,
    ImportCycleError,
    ImportFormatUnknownError,
    ImportMessageRepeatedError,
    ImportNotJsonError,
    ImportParentUnknownError,
    ImportRootMissingError,
    ImportTextTooLongError,
    ImportTooLargeError,
    ImportZipInvalidError,
)
from conversations.models import (
    Attachment,
    Conversation,
    ConversationImport,
    ConversationImportItem,
    Message,
)
from conversations.models.actions import Action
from conversations.services.attachments import attachments_known, attachments_known_put
from generation.jobs import services as jobs
from generation.jobs.registry import NoInput
from generation.models import Job
from generation.services.files import file_add, files_discard, object_kept
from prompts.models import Tag
from prompts.services.tags import tags_by_name

_Link = Conversation.tags.through
IMPORT_KIND = "conversations.import"
ZIP, JSON = "application/zip", "application/json"
CHUNK = 1024 * 1024
TITLE_FROM_TEXT = 60

FILE_ERRORS: dict[FileReason, type[AppError]] = {
    FileReason.NOT_JSON: ImportNotJsonError,
    FileReason.UNKNOWN: ImportFormatUnknownError,
    FileReason.ZIP: ImportZipInvalidError,
    FileReason.TOO_LARGE: ImportTooLargeError,
}
CONVERSATION_ERRORS: dict[ConversationReason, type[AppError]] = {
    ConversationReason.UNKNOWN: ImportConversationUnknownError,
    ConversationReason.EMPTY: ImportConversationEmptyError,
    ConversationReason.INVALID: ImportConversationInvalidError,
    ConversationReason.TOO_LARGE: ImportConversationTooLargeError,
    ConversationReason.TEXT_TOO_LONG: ImportTextTooLongError,
    ConversationReason.CYCLE: ImportCycleError,
    ConversationReason.ROOT_MISSING: ImportRootMissingError,
    ConversationReason.PARENT_UNKNOWN: ImportParentUnknownError,
    ConversationReason.REPEATED: ImportMessageRepeatedError,
}


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many conversations of the file became what."""

    imported: int
    present: int
    refused: int


def import_create(*, owner_id: UUID, source: BinaryIO, name: str) -> ConversationImport:
    """Keep a file of conversations and have a job bring them in. Not in a transaction: storing takes time.

    Raises FileEmptyError, `ImportNotJsonError` for what can't be an export by its first bytes, FileQuotaError,
    FileStorageError.
    """
    content = _content_of(source)
    with object_kept(owner_id=owner_id, source=source, content=content) as stored, transaction.atomic():
        file = file_add(owner_id=owner_id, stored=stored, name=name)
        job = jobs.job_submit(kind=IMPORT_KIND, input=NoInput(), owner_id=owner_id)
        made = ConversationImport.objects.create(
            id=job.pk, job=job, owner_id=owner_id, file=file, name=file_name(name), size=content.size
        )
        row_record(made, Action.IMPORT_CONVERSATIONS)
    return made


def _content_of(source: BinaryIO) -> Content:
    """Also leaves the file at its beginning."""
    digest, size, head = hashlib.sha256(), 0, b""
    source.seek(0)
    while chunk := source.read(CHUNK):
        head = head or chunk[:100]
        size += len(chunk)
        digest.update(chunk)
    source.seek(0)
    if not size:
        raise FileEmptyError
    is_zip = head.startswith(b"PK\x03\x04")
    if not is_zip and not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"[", b"{")):
        raise ImportNotJsonError(byte=0, problem="it doesn't begin with [ or {")
    return Content(ZIP if is_zip else JSON, size, digest.hexdigest())


def import_finish(import_id: UUID) -> ImportResult:
    """Let the file go and count what became of it. Runs inside the transaction that ends the job."""
    made = ConversationImport.objects.select_related("file").filter(pk=import_id).first()
    if made is None:
        return ImportResult(0, 0, 0)
    if made.file is not None:
        files_discard([made.file])
    states = [ImportState.IMPORTED, ImportState.PRESENT, ImportState.REFUSED]
    return ImportResult(*(made.items.filter(state=state).count() for state in states))


def import_end(job: Job) -> None:
    import_finish(job.pk)


def import_position(made: ConversationImport) -> int:
    """How many items of the file are done: an attempt that was interrupted is gone on with."""
    last = made.items.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def import_item(*, made: ConversationImport, position: int, item: ImportedItem) -> ConversationImportItem:
    """Bring one conversation in, whole or not at all, and write down what became of it; both in one transaction.

    Raises IntegrityError if another attempt has done it already.
    """
    try:
        return _item(made, position, item, _known(made.owner_id, item))
    except (IntegrityError, FileUnknownError):
        # Another import of the same file was a moment quicker, then it is there now; or a file has been deleted.
        return _item(made, position, item, _known(made.owner_id, item))


def _known(owner_id: UUID, item: ImportedItem) -> dict[str, Attachment]:
    """The files that its messages refer to, as far as the account has them."""
    messages = item.messages if isinstance(item, ImportedConversation) else ()
    named = {sha256 for message in messages for sha256 in message.files}
    return attachments_known(owner_id=owner_id, sha256=named) if named else {}


@transaction.atomic
def _item(
    made: ConversationImport, position: int, item: ImportedItem, known: Mapping[str, Attachment]
) -> ConversationImportItem:
    row = ConversationImportItem(
        conversation_import=made, position=position, source_key=item.key, title=_clean(item.title)
    )
    if isinstance(item, RefusedConversation):
        row.state, row.error = ImportState.REFUSED, _stored(item)
    elif (there := _there(made.owner_id, item.key)) is not None:
        row.state, row.conversation_id = ImportState.PRESENT, there
    else:
        conversation, row.omitted = _conversation(made.owner_id, item, known)
        row.state, row.conversation = ImportState.IMPORTED, conversation
        row.title, row.messages = conversation.title, len(item.messages)
    row.save(force_insert=True)
    return row


def _stored(item: RefusedConversation) -> dict[str, Any]:
    """As a job keeps its error."""
    error = CONVERSATION_ERRORS[item.reason](**item.params)
    sentences = {"message": error.message("en"), "message_zh": error.message("zh")}
    return {
        "code": error.code,
        **sentences,
        "retryable": False,
        "charged": False,
        "details": dict(item.params),
    }


def _there(owner_id: UUID, key: str) -> UUID | None:
    """The owner's conversation that came from there, or is the one that was exported."""
    same = Q(import_key=key)
    source, _, given = key.partition(":")
    if source == ours.SOURCE:
        with suppress(ValueError):
            same |= Q(pk=UUID(given))
    return Conversation.objects.owned_by(owner_id).filter(same).values_list("pk", flat=True).first()


def _conversation(
    owner_id: UUID, item: ImportedConversation, known: Mapping[str, Attachment]
) -> tuple[Conversation, dict[str, int]]:
    """The conversation as it is stored, and what of it stayed behind."""
    now = timezone.now()
    created_at = min(item.created_at or now, now)
    conversation = Conversation(
        owner_id=owner_id,
        import_key=item.key,
        title=_clean(item.title) or _title_of(item),
        system_prompt=item.system_prompt,
        is_archived=item.is_archived,
        is_pinned=item.is_pinned,
        created_at=created_at,
        **{"is_title_automatic": False, **item.settings},
    )
    messages = _messages(conversation, item, now)
    times = [message.created_at for message in messages.values()]
    conversation.last_message_at = min(item.last_message_at or max(times, default=created_at), now)
    conversation.updated_at = min(item.updated_at or conversation.last_message_at, now)
    last = messages.get(item.current or "")
    if last is None and messages:
        last = list(messages.values())[-1]
    conversation.current_message_id = last.pk if last else None
    insert_all([conversation])
    insert_all(list(messages.values()))
    links = [_Link(conversation_id=conversation.pk, tag_id=tag_id) for tag_id in _tags(owner_id, item.tags)]
    insert_all(links)
    omitted = Counter(item.omitted)
    named = {messages[one.key]: one.files for one in item.messages if one.files}
    if named:
        omitted[Omission.FILES] += sum(map(len, named.values())) - attachments_known_put(named, known)
    return conversation, dict(+omitted)


def _messages(conversation: Conversation, item: ImportedConversation, now: datetime) -> dict[str, Message]:
    """By what the file calls them. No message is older than the one it follows, or from the future."""
    made: dict[str, Message] = {}
    for given in item.messages:
        parent = made[given.parent] if given.parent is not None else None
        earliest: datetime = parent.created_at if parent else conversation.created_at
        created_at = max(earliest, min(given.created_at or earliest, now))
        made[given.key] = Message(
            pk=uuid7(),
            owner_id=conversation.owner_id,
            conversation_id=conversation.pk,
            parent_id=parent.pk if parent else None,
            role=given.role,
            status=given.status,
            content=given.content,
            reasoning=given.reasoning,
            created_at=created_at,
            updated_at=created_at,
            **{"answered_by": given.model[:120], **given.facts},
        )
    return made


def _tags(owner_id: UUID, named: Mapping[str, str]) -> list[UUID]:
    """Names and colours that no tag here can have are left out."""
    fitting = []
    for name, color in list(named.items())[: limits.TAGS]:
        try:
            Tag(name=name, color=color).clean_fields(exclude=["id", "owner", "key"])
        except ValidationError:
            continue
        fitting.append((name, color))
    return list(tags_by_name(owner_id, fitting)[0].values()) if fitting else []


def _clean(title: str) -> str:
    """Without what nobody sees."""
    shown = "".join(one if not hidden_character(one) else " " for one in title)
    return " ".join(shown.split())[: limits.TITLE].strip()


def _title_of(item: ImportedConversation) -> str:
    """What its first question begins with, if nobody has named it."""
    first: ImportedMessage | None = next((one for one in item.messages if one.role == Role.USER), None)
    return _clean(first.content[: 4 * TITLE_FROM_TEXT])[:TITLE_FROM_TEXT].strip() if first else ""
