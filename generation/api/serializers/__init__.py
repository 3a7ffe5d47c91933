"""Shapes of the engine room: what the API takes, and what it shows."""
