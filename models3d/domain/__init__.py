"""Pure parts of 3D models."""
