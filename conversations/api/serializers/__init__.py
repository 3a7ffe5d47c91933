"""Shapes of conversations."""
