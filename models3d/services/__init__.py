"""Writes of 3D models."""
