"""Views of the document factory."""
