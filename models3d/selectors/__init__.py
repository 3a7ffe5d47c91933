"""Reads of 3D models."""
