"""Bringing conversations in: what becomes of each."""

from enum import StrEnum


class ImportState(StrEnum):
    """`present`: it was there already, and stays as it is."""

    IMPORTED = "imported"
    PRESENT = "present"
    REFUSED = "refused"
