"""Writes of the document factory."""
