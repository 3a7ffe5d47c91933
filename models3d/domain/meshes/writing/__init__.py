"""Meshes become files. Theirs is the millimetre (GLB: the metre), and they stand along z (GLB: along y)."""
