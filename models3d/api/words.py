"""What the fields of 3D models mean."""

WORDS: dict[str, str] = {
    "model_id": "The key of the 3D model.",
}

TAGS: dict[str, str] = {
    "models": "3D models: made of words or pictures, or brought along; measured, repaired, converted.",
}
