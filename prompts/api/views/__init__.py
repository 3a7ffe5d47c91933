"""Views of the prompt library."""
