"""How the admin writes dates and times: alike in every language, always with the zone, never broken in two."""
