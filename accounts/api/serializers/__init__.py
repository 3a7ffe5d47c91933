"""Shapes of accounts."""
