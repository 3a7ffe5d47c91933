"""What the fields of prompts and tags mean."""

WORDS = {
    "color": "Like `#1f77b4`, or empty.",
    "content": "The text.",
    "folder": "A path like `work/emails`; empty: the top of the library.",
    "is_favorite": "Whether it is a favourite.",
    "last_used_at": "When it was used last; null: never.",
    "metrics": "How good it is, 0 to 100 each; null where nobody has judged.",
    "platform": "Where it is used.",
    "prompt_id": "The key of the prompt.",
    "response": "An answer that a model gave to it.",
    "tag_id": "The key of the tag.",
    "url": "An address that it belongs to.",
    "variables": "What its `{{names}}` stand for.",
    "usage_count": "How often it was used.",
}

TAGS = {
    "prompts": "The prompt library: prompts with their versions, in folders.",
    "tags": "The words that prompts are sorted by.",
}
