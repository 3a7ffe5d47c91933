"""What the fields of prompts and tags mean."""

WORDS = {
    "color": "Like `#1f77b4`, or empty.",
    "content": "The text.",
    "folder": "A path like `work/emails`; empty: the top of the library.",
    "is_auto_saved": "Whether only a program has kept it, by `/prompts/auto-save`; the oldest of those go.",
    "is_favorite": "Whether it is a favourite.",
    "label": "The name of a label, such as `production`.",
    "last_used_at": "When it was used last; null: never.",
    "metrics": "How good it is, 0 to 100 each; null where nobody has judged.",
    "expected_benefits": "What is gained by it.",
    "highest_rating": "The best there is.",
    "improvements": "What was changed, and why.",
    "lowest_rating": "The worst there is.",
    "mode": "What the prompt is for.",
    "modes": "What a prompt can be for.",
    "optimization_id": "The key of the optimization.",
    "platform": "Where it is used.",
    "prompt": "The text that was to be optimized.",
    "prompt_id": "The key of the prompt.",
    "rating": "How good it is, 1 to 5; null: nobody has said.",
    "rating_reason": "Why.",
    "response": "An answer that a model gave to it.",
    "tag_id": "The key of the tag.",
    "url": "An address that it belongs to.",
    "variables": "What its `{{names}}` stand for.",
    "text": "The text.",
    "last_used_before": "Only what was used last before this moment.",
    "last_used_from": "Only what was used last at this moment or later.",
    "usage_count": "How often it was used.",
    "wish": "What somebody would like to be different.",
}

TAGS = {
    "prompts": "The prompt library: prompts with their versions, in folders.",
    "tags": "The words that prompts are sorted by.",
    "optimize": "Prompts made better by a model, judged before they are kept, with their history.",
}
