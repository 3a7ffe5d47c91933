"""What the fields of 3D models mean."""

WORDS: dict[str, str] = {
    "model_id": "The key of the 3D model.",
    "public_model_id": "The key of a public 3D model, whosever it is.",
}

TAGS: dict[str, str] = {
    "gallery": "Public 3D models: looked at without a login; liked, downloaded, reported, remixed.",
    "models": "3D models: made of words or pictures, or brought along; measured, repaired, converted.",
}
