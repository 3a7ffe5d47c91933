"""Links that people are sent. They hold the second in which they were made, so they are read, not compared."""

import re

TOKEN = re.compile(r"token=([\w:-]+)")


def token_in(text: str) -> str:
    """The token of the first link in a mail, on a page, or in what a command said."""
    found = TOKEN.search(text)
    assert found is not None, text
    return found[1]
