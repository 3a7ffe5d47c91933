"""What the fields of documents and what they are made of mean."""

WORDS = {
    "batch_id": "The key of the batch, which is its job's, too.",
    "category": "The shelf it stands on.",
    "category_code": "The code of a category.",
    "characters": "How long it is.",
    "concurrency": "How many documents are written at once.",
    "content_template": "The template it is written by.",
    "content_template_id": "The key of the content template.",
    "counts": "How many items are in which state; they sum to `total`.",
    "description_en": "More about it, in English.",
    "description_zh": "More about it, in Chinese.",
    "document_id": "The key of the document.",
    "is_shown": "Whether it is offered.",
    "is_stale": "Whether what it was made from has changed since.",
    "languages": "In which languages, each once; the first is written first.",
    "name_en": "Its English name.",
    "name_zh": "Its Chinese name.",
    "number": "Which version it is, from 1.",
    "paused_at": "Since when it is paused; null: it isn't.",
    "position": "Its place in the batch, from 1.",
    "project": "The project it is about.",
    "project_id": "The key of the project.",
    "prompt_en": "What the model is told, in English; `{{project_name}}` and the like stand for the project's texts.",
    "prompt_zh": "What the model is told, in Chinese; `{{project_name}}` and the like stand for the project's texts.",
    "skip_existing": "Whether documents that exist are left as they are.",
    "source_language": "The language it was written in; another than its own: it is a translation.",
    "template_codes": "The codes of content templates; left out: all of them.",
    "versions": "All versions, the newest first.",
    "website": "The project's address on the web.",
}

TAGS = {
    "templates": "Projects and content templates, and the documents that are written from them, in batches, in Chinese "
    "and English.",
}
