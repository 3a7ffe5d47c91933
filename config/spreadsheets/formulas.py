"""Cells that a spreadsheet would run as a formula.

See https://owasp.org/www-community/attacks/CSV_Injection; the full-width signs are taken as formulas by
spreadsheets with East Asian locales.
"""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_GUARD = "'"


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may run the cell: it starts, after blanks, like a formula."""
    return cell.startswith(_FORMULA_STARTS) or cell.strip(" \n").startswith(_FORMULA_STARTS)


def without_guard(cell: str) -> str:
    """The cell without the apostrophe that guards a formula; any other apostrophe belongs to the text."""
    return cell[1:] if cell.startswith(_GUARD) and is_formula(cell.lstrip(_GUARD)) else cell


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet runs it; `without_guard` gives back what it was."""
    return f"{_GUARD}{cell}" if is_formula(cell.lstrip(_GUARD)) else cell
