"""The Markdown that documents are written in, and what it has beyond CommonMark."""

from templates.domain.markdown.formulas import has_same_formulas, without_formulas
from templates.domain.markdown.front_matter import split_front_matter

__all__ = ["has_same_formulas", "split_front_matter", "without_formulas"]
