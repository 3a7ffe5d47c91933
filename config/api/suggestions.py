"""What somebody may have meant who names a field, a filter or a value that there isn't."""

from collections.abc import Collection
from difflib import get_close_matches
from itertools import islice

from django.utils.translation import gettext as _

#: Looking for what is near costs time: of longer names it isn't asked, and of longer lists not all are told.
LONGEST_NAME = 50
MOST_TOLD = 40


def instead_of(name: str, known: Collection[str]) -> str:
    """A sentence that names the nearest of the known names, or all when none is near; empty when there are none."""
    near = get_close_matches(name, known, n=1) if len(name) <= LONGEST_NAME else []
    if near:
        return _("Do you mean %(name)s?") % {"name": near[0]}
    return _("There are: %(names)s.") % {"names": listed(known)} if known else ""


def with_hint(complaint: object, name: str, known: Collection[str]) -> str:
    """The complaint, and after it what may have been meant."""
    hint = instead_of(name, known)
    return _("%(complaint)s %(hint)s") % {"complaint": complaint, "hint": hint} if hint else str(complaint)


def listed(names: Collection[str]) -> str:
    told = ", ".join(islice(names, MOST_TOLD))
    return f"{told} …" if len(names) > MOST_TOLD else told
