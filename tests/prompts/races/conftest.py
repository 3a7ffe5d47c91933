"""The library's races run in the arena of the engine's."""

from tests.generation.races.conftest import alice, arena, race_database, together

__all__ = ["alice", "arena", "race_database", "together"]
