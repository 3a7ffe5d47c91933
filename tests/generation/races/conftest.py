"""Jobs and money among threads."""

from tests.support.races import Together, alice, arena, race_database, together

__all__ = ["Together", "alice", "arena", "race_database", "together"]
