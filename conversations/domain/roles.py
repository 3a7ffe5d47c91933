"""Who says a message, and how far it is."""

from enum import StrEnum


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class MessageStatus(StrEnum):
    """`streaming → complete | interrupted | failed`; what isn't a reply is complete from the first.

    `interrupted`: it has a text, which ends where somebody stopped it or something broke off. `failed`: it has none.
    """

    COMPLETE = "complete"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
