"""Shapes of the document factory."""
