"""Pure functions and dataclasses of conversations."""
