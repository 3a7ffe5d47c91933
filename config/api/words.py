"""What fields and parameters mean that are called the same wherever they stand.

A field says it itself (`help=`, `help_text=`) where the word means something of its own there; for the others the app
that owns the word registers it, once.
"""

from collections.abc import Mapping

from config.registry import Registry

WORDS: Registry[str] = Registry("word of the API")
#: The groups of operations, with what each is about.
TAGS: Registry[str] = Registry("tag")


def register_tag(name: str, text: str) -> None:
    """Say what the operations of this tag (a scope's resource, or a view's `tag`) are about."""
    TAGS.register(name, text)


def register(words: Mapping[str, str]) -> None:
    """Called in `AppConfig.ready`. A name that another app describes otherwise is an error."""
    for name, text in words.items():
        WORDS.register(name, text)


KERNEL = {
    "code": "A short name for programs, unique among its kind.",
    "count": "How many there are.",
    "created_at": "When it was made.",
    "created_before": "Only what was made before this moment.",
    "created_from": "Only what was made at this moment or later.",
    "currency": "Of the amounts, which are in millionths of it.",
    "day": "A day in UTC.",
    "details": "More about it for programs, such as the field or the id that is meant; empty where there is no more.",
    "error": "Why it failed; null while it hasn't.",
    "expires_at": "When it stops working.",
    "finished_at": "When it ended, in whatever way; null until then.",
    "format": "In which form the answer comes.",
    "id": "Its key, a UUIDv7.",
    "is_active": "Whether it is in use.",
    "language": "Chinese (`zh`) or English (`en`).",
    "limit": "Rows on a page.",
    "message": "One sentence for people, in the language of the request.",
    "name": "What people call it.",
    "order": "Its place in lists, from 0.",
    "request_id": "As in the answer's `X-Request-ID` and in the server's log.",
    "search": "Only rows that hold this text.",
    "seq": "Its number in the list, from 1 without gaps.",
    "sort": "By which field rows are ordered; with a minus from the last to the first.",
    "started_at": "When it was begun; null until then.",
    "status": "How far it is.",
    "title": "What people read first.",
    "total": "How many there are altogether.",
    "type": "Which kind it is.",
    "updated_at": "When it was changed last.",
    "updated_before": "Only what was changed last before this moment.",
    "updated_from": "Only what was changed last at this moment or later.",
    # the envelope of lists
    "has_next": "Whether there is a page after this one.",
    "next_cursor": "Send it as `cursor` for the next page; null on the last one, and when pages are numbered.",
    "page": "The number of this page, from 1; null when reading by cursor.",
    "pages": "How many pages there are; null when reading by cursor.",
}
