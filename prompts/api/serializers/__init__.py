"""Shapes of the prompt library."""
