"""Shapes of 3D models."""
