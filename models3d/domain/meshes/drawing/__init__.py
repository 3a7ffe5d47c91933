"""Pictures of meshes, drawn by numbers alone: no display, no graphics card, no library for either."""
