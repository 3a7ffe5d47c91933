"""Files of any room: what they are by their content, where they lie, how they are sent."""
