"""What a prompt is called when nobody has said it."""

#: Characters of a first line that make a title.
LONGEST = 60


def title_of(content: str) -> str:
    """The first line with anything to read, without the marks of a heading."""
    lines = (line.lstrip("#>*- \t").strip() for line in content.splitlines())
    first = "".join(c for c in next(filter(None, lines), "") if c.isprintable())
    if not first:
        return "…"
    return first if len(first) <= LONGEST else f"{first[:LONGEST].rstrip()}…"
