"""Writes of the prompt library."""
