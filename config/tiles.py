"""Tiles of the admin's first page: each app registers those of things that wait for a person, in `AppConfig.ready`."""

from collections.abc import Callable
from dataclasses import dataclass

from config.registry import Registry


@dataclass(frozen=True, slots=True)
class Tile:
    """How many of something wait; `is_bad`: somebody should look at them. `icon` is a Material symbol."""

    title: str
    value: str
    note: str
    url: str
    is_bad: bool
    icon: str


TILES: Registry[Callable[[], Tile]] = Registry("tile of the work list")


def register(name: str, make: Callable[[], Tile]) -> None:
    """`make` is called whenever the page is shown."""
    TILES.register(name, make)
