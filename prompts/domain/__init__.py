"""Pure parts of the prompt library."""
