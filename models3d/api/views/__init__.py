"""Views of 3D models."""
