"""What the fields of 3D models mean."""

WORDS: dict[str, str] = {}

TAGS: dict[str, str] = {}
