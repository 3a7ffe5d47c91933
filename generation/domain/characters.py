"""Where a text that still grows can be shown without showing half a character."""

#: No sequence of people is as long: what claims to be one is shown as it comes.
LONGEST_HELD = 64
_JOINER = "\u200d"


def whole_end(text: str) -> int:
    """How much of `text` can be shown before the rest comes: all of it but a last character that is certainly not
    whole, because a joiner waits for what it joins or a flag for its second letter."""
    end = len(text)
    while end > 0 and len(text) - end <= LONGEST_HELD:
        if text[end - 1] == _JOINER:
            end = _begin_of_last(text, end - 1)
        elif _letters_of_flags(text, end) % 2:
            end -= 1
        else:
            return end
    return end if len(text) - end <= LONGEST_HELD else len(text)


def _begin_of_last(text: str, end: int) -> int:
    """Where the last character before `end` begins: in front of its marks and of what stands before it."""
    while end > 0 and _is_mark(text[end - 1]):
        end -= 1
    return max(0, end - 1)


def _is_mark(character: str) -> bool:
    return character in "\ufe0e\ufe0f\u20e3" or "\U0001f3fb" <= character <= "\U0001f3ff"


def _letters_of_flags(text: str, end: int) -> int:
    start = end
    while start > 0 and "\U0001f1e6" <= text[start - 1] <= "\U0001f1ff":
        start -= 1
    return end - start
