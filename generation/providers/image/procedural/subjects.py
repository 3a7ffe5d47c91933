"""Every subject: who draws it, how large it is, and where it is at home."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from generation.providers.image.procedural import (
    animals,
    buildings,
    creatures,
    people,
    plants,
    things,
    vehicles,
)
from generation.providers.image.procedural.colours import Colour
from generation.providers.image.procedural.pen import Pen
from generation.providers.image.procedural.plants import tree_of

Draw = Callable[[Pen, Colour | None], None]


class Where(Enum):
    GROUND = "ground"
    WATER = "water"
    SKY = "sky"


@dataclass(frozen=True, slots=True)
class Subject:
    """`size` is its height close by, `wide` in a landscape, as shares of the picture's shorter side."""

    draw: Draw
    size: float
    wide: float
    homes: tuple[str, ...]
    where: Where = Where.GROUND


#: What is drawn as the season and the weather have it.
TREES = ("tree", "pine", "blossom", "palm", "bamboo")


def _tree(name: str) -> Draw:
    return lambda pen, colour: tree_of(
        pen, name, "autumn" if colour and colour[0] > 1.5 * colour[1] else "", ""
    )


PETS = ("meadow", "room", "studio", "forest")
SUBJECTS: dict[str, Subject] = {
    **{name: Subject(animals.sitting(name), 0.56, 0.3, PETS) for name in ("cat", "dog", "rabbit", "mouse")},
    "bear": Subject(animals.sitting("bear"), 0.58, 0.32, ("forest", "mountains", "studio")),
    "panda": Subject(animals.sitting("panda"), 0.58, 0.32, ("forest", "studio", "meadow")),
    "fox": Subject(animals.sitting("fox"), 0.56, 0.3, ("forest", "meadow", "studio")),
    "tiger": Subject(animals.sitting("tiger"), 0.58, 0.32, ("forest", "mountains")),
    "lion": Subject(animals.sitting("lion"), 0.58, 0.32, ("desert", "meadow")),
    "owl": Subject(creatures.owl, 0.52, 0.26, ("forest", "studio")),
    "penguin": Subject(creatures.penguin, 0.54, 0.26, ("snowfield", "studio")),
    "bird": Subject(creatures.bird, 0.5, 0.2, ("forest", "meadow", "studio")),
    "crane": Subject(creatures.crane, 0.6, 0.34, ("lake",), Where.WATER),
    "duck": Subject(creatures.duck, 0.42, 0.2, ("lake",), Where.WATER),
    "horse": Subject(animals.walking("horse"), 0.6, 0.34, ("meadow", "mountains", "desert")),
    "deer": Subject(animals.walking("deer"), 0.58, 0.34, ("forest", "meadow", "snowfield")),
    "sheep": Subject(animals.walking("sheep"), 0.56, 0.26, ("meadow", "mountains")),
    "cow": Subject(animals.walking("cow"), 0.6, 0.32, ("meadow",)),
    "elephant": Subject(animals.walking("elephant"), 0.64, 0.4, ("meadow", "desert")),
    "dinosaur": Subject(animals.walking("dinosaur"), 0.56, 0.4, ("forest", "mountains", "studio")),
    "dragon": Subject(creatures.dragon, 0.62, 0.5, ("mountains", "sea"), Where.SKY),
    "fish": Subject(creatures.fish, 0.42, 0.24, ("underwater",), Where.SKY),
    "whale": Subject(creatures.whale, 0.46, 0.34, ("sea", "underwater"), Where.WATER),
    "turtle": Subject(creatures.turtle, 0.4, 0.24, ("sea", "underwater", "studio")),
    "butterfly": Subject(creatures.butterfly, 0.4, 0.16, ("meadow", "studio"), Where.SKY),
    "person": Subject(people.walker, 0.56, 0.34, ("meadow", "city", "lake")),
    "astronaut": Subject(people.astronaut, 0.6, 0.34, ("space", "studio")),
    "robot": Subject(people.robot, 0.6, 0.34, ("city", "studio", "meadow")),
    "snowman": Subject(people.snowman, 0.54, 0.3, ("snowfield",)),
    "house": Subject(buildings.house, 0.42, 0.26, ("meadow", "mountains", "lake")),
    "pagoda": Subject(buildings.pagoda, 0.6, 0.4, ("mountains", "lake", "meadow")),
    "castle": Subject(buildings.castle, 0.56, 0.4, ("mountains", "meadow")),
    "lighthouse": Subject(buildings.lighthouse, 0.6, 0.42, ("sea",)),
    "windmill": Subject(buildings.windmill, 0.6, 0.4, ("meadow",)),
    "bridge": Subject(buildings.bridge, 0.34, 0.3, ("lake",), Where.WATER),
    "boat": Subject(vehicles.boat, 0.44, 0.28, ("sea", "lake"), Where.WATER),
    "car": Subject(vehicles.car, 0.38, 0.22, ("city", "mountains", "desert")),
    "train": Subject(vehicles.train, 0.24, 0.16, ("mountains", "meadow", "snowfield")),
    "rocket": Subject(vehicles.rocket, 0.56, 0.4, ("space", "mountains"), Where.SKY),
    "balloon": Subject(vehicles.balloon, 0.5, 0.34, ("mountains", "meadow", "sea"), Where.SKY),
    "tree": Subject(_tree("tree"), 0.62, 0.42, ("meadow", "lake", "mountains")),
    "pine": Subject(_tree("pine"), 0.62, 0.4, ("mountains", "snowfield", "lake")),
    "blossom": Subject(_tree("blossom"), 0.66, 0.46, ("lake", "meadow", "mountains")),
    "palm": Subject(_tree("palm"), 0.62, 0.46, ("sea", "desert")),
    "bamboo": Subject(_tree("bamboo"), 0.74, 0.5, ("forest", "mountains")),
    "flower": Subject(plants.flower, 0.52, 0.26, ("meadow", "studio", "room")),
    "sunflower": Subject(plants.sunflower, 0.62, 0.34, ("meadow", "studio")),
    "lotus": Subject(plants.lotus, 0.5, 0.2, ("lake",), Where.WATER),
    "mushroom": Subject(plants.mushroom, 0.46, 0.2, ("forest", "studio")),
    "cactus": Subject(plants.cactus, 0.54, 0.3, ("desert", "room")),
    "teapot": Subject(things.teapot, 0.42, 0.3, ("room", "studio")),
    "cup": Subject(things.cup, 0.38, 0.28, ("room", "studio")),
    "cake": Subject(things.cake, 0.44, 0.34, ("room", "studio")),
    "fruit": Subject(things.fruit, 0.42, 0.34, ("room", "studio")),
    "vase": Subject(things.vase, 0.56, 0.44, ("room", "studio")),
    "book": Subject(things.book, 0.34, 0.28, ("room", "studio")),
    "lantern": Subject(things.lantern, 0.4, 0.16, ("lake", "city"), Where.SKY),
    "umbrella": Subject(things.umbrella, 0.46, 0.3, ("city", "meadow", "studio")),
    "guitar": Subject(things.guitar, 0.56, 0.44, ("room", "studio")),
    "clock": Subject(things.clock, 0.44, 0.32, ("room", "studio")),
    "crystal": Subject(things.crystal, 0.5, 0.34, ("studio", "space")),
    "pumpkin": Subject(things.pumpkin, 0.4, 0.26, ("meadow", "room", "forest")),
    "sculpture": Subject(things.sculpture, 0.56, 0.4, ("studio", "room")),
}
