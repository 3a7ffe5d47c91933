"""What the fields of conversations mean."""

WORDS = {
    "conversation_id": "The key of the conversation.",
    "context_messages": "How many earlier messages go along at most; null: as many as the model can read.",
    "import_id": "The key of the import.",
    "is_archived": "Whether it was put aside.",
    "is_pinned": "Whether it is kept at the top.",
    "is_temporary": "Whether it goes by itself a day after its last message.",
    "is_title_automatic": "Whether nobody has given it a title: one is made of its first messages.",
    "last_message_at": "When something was said last.",
    "last_message_before": "Only what was said last before this moment.",
    "last_message_from": "Only what was said last at this moment or later.",
    "message_id": "The key of the message.",
    "parameters": "How the model is to answer.",
    "retention_days": "After how many days its texts are removed; null: as your account says.",
    "share_id": "The key of the link.",
    "system_prompt": "What a model is told before all messages.",
}

TAGS = {
    "conversations": "Conversations with models: messages as a tree, replies that are streamed.",
}
