"""3MF: a ZIP with a model in XML, which knows its unit and stands along z as meshes do here.

Read are objects, what they are put together from (in other parts of the archive, too), and plain colours. The XML may
declare no types and no entities, and what parts would multiply to is counted before anything is put together.
"""

from dataclasses import dataclass, field
from xml.parsers import expat

import numpy as np

from models3d.domain.meshes.mesh import PLAIN, Floats, Material, Mesh, check_counts, finite, joined, refuse
from models3d.domain.meshes.reading.archives import Archive
from models3d.domain.words import Unit

ROOT = "3d/3dmodel.model"
MOST_DEPTH = 32
MOST_PLACED = 20_000
#: The nearest of our units, and millimetres.
UNITS = {
    "micron": (Unit.MM, 0.001),
    "millimeter": (Unit.MM, 1.0),
    "centimeter": (Unit.CM, 10.0),
    "inch": (Unit.INCH, 25.4),
    "foot": (Unit.INCH, 304.8),
    "meter": (Unit.M, 1000.0),
}
Key = tuple[str, str]  # a part of the archive, and an object's id in it


@dataclass(slots=True)
class Use:
    """That an object stands somewhere."""

    key: Key
    matrix: Floats


@dataclass(slots=True)
class Thing:
    """An object: triangles of its own, or uses of others."""

    corners: list[float] = field(default_factory=list)
    faces: list[int] = field(default_factory=list)
    colours: list[tuple[str, str]] = field(default_factory=list)  # of each triangle: group and place in it
    colour: tuple[str, str] = ("", "0")
    uses: list[Use] = field(default_factory=list)


@dataclass(slots=True)
class Model:
    """What the parts of an archive say together. Groups of colours are named after their part and id."""

    things: dict[Key, Thing] = field(default_factory=dict)
    built: list[Use] = field(default_factory=list)
    groups: dict[Key, list[tuple[int, int, int]]] = field(default_factory=dict)
    unit: str = "millimeter"


def is_threemf(archive: Archive) -> bool:
    return bool(archive.named(".model"))


def read_threemf(data: bytes) -> Mesh:
    archive = Archive(data)
    model = Model()
    parts = archive.named(".model")
    root = ROOT if ROOT in parts else _root(archive, parts)
    for path in parts:
        _Reading(model, path, is_root=path == root).parse(archive.read(path))
    if model.unit not in UNITS:
        refuse("MESH_UNREADABLE")
    _count(model)
    mesh = joined([_part(model, use) for use in _flat(model, model.built, np.eye(4), 0)])
    mesh.unit, mesh.scale = UNITS[model.unit][0].value, UNITS[model.unit][1]
    return mesh


def _root(archive: Archive, parts: list[str]) -> str:
    """The part that the archive's relations name, else the only one."""
    relations = (
        archive.read("_rels/.rels").decode(errors="replace").lower() if archive.find("_rels/.rels") else ""
    )
    named = [path for path in parts if f'"/{path}"' in relations]
    if len(named) != 1 and len(parts) != 1:
        refuse("MESH_UNREADABLE")
    return (named or parts)[0]


class _Reading:
    """One part, as it is parsed."""

    def __init__(self, model: Model, path: str, *, is_root: bool) -> None:
        self.model, self.path, self.is_root = model, path, is_root
        self.thing = Thing()
        self.group: list[tuple[int, int, int]] = []

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self.start
        parser.StartDoctypeDeclHandler = self.refuse
        parser.EntityDeclHandler = self.refuse
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, KeyError, ValueError, OverflowError):
            refuse("MESH_UNREADABLE")

    def refuse(self, *_: object) -> None:
        refuse("MESH_UNREADABLE")

    def start(self, name: str, said: dict[str, str]) -> None:
        word = name.rpartition(" ")[2]
        if word == "vertex":
            self.thing.corners += (float(said["x"]), float(said["y"]), float(said["z"]))
        elif word == "triangle":
            self.triangle(said)
        elif word == "object":
            self.thing = Thing(colour=(said.get("pid", ""), said.get("pindex", "0")))
            self.model.things[self.path, said["id"]] = self.thing
        elif word in ("component", "item"):
            self.use(word, said)
        elif word in ("basematerials", "colorgroup"):
            self.group = self.model.groups.setdefault((self.path, said["id"]), [])
        elif word in ("base", "color"):
            self.group.append(_colour(said.get("displaycolor") or said.get("color", "")))
        elif word == "model" and self.is_root:
            self.model.unit = said.get("unit", "millimeter")

    def triangle(self, said: dict[str, str]) -> None:
        thing = self.thing
        thing.faces += (int(said["v1"]), int(said["v2"]), int(said["v3"]))
        if "p1" in said or "pid" in said:
            missing = len(thing.faces) // 3 - 1 - len(thing.colours)
            thing.colours += [thing.colour] * missing
            thing.colours.append((said.get("pid", thing.colour[0]), said.get("p1", "0")))
        if len(thing.faces) % 3000 == 0:
            check_counts(len(thing.faces) // 3, len(thing.corners) // 3)

    def use(self, word: str, said: dict[str, str]) -> None:
        path = next((value for name, value in said.items() if name.endswith(" path")), "")
        use = Use(
            (path.lstrip("/").lower() or self.path, said["objectid"]), _matrix(said.get("transform", ""))
        )
        if word == "component":
            self.thing.uses.append(use)
        elif self.is_root:
            self.model.built.append(use)


def _matrix(text: str) -> Floats:
    matrix = np.eye(4)
    if text.strip():
        values = np.array([float(one) for one in text.split()])
        if values.shape != (12,) or not np.isfinite(values).all():
            refuse("MESH_UNREADABLE")
        matrix[:, :3] = values.reshape(4, 3)
    return matrix


def _colour(text: str) -> tuple[int, int, int]:
    if len(text) in (7, 9) and text.startswith("#"):
        value = int(text[1:7], 16)
        return value >> 16, value >> 8 & 255, value & 255
    return PLAIN


# -- putting together ----------------------------------------------------------------------------------------------


def _count(model: Model) -> None:
    """What the uses of uses come to: triangles, and how many things stand somewhere."""
    known: dict[Key, tuple[int, int]] = {}
    open_ones: set[Key] = set()  # a thing that is part of itself would never end

    def counted(key: Key, depth: int) -> tuple[int, int]:
        if key not in model.things or key in open_ones or depth > MOST_DEPTH:
            refuse("MESH_UNREADABLE")
        if key not in known:
            open_ones.add(key)
            thing = model.things[key]
            found = [counted(use.key, depth + 1) for use in thing.uses]
            known[key] = (
                len(thing.faces) // 3 + sum(triangles for triangles, _ in found),
                1 + sum(placed for _, placed in found),
            )
            open_ones.remove(key)
        return known[key]

    totals = [counted(use.key, 0) for use in model.built]
    check_counts(sum(triangles for triangles, _ in totals))
    if sum(placed for _, placed in totals) > MOST_PLACED:
        refuse("MESH_TOO_COMPLEX", limit=MOST_PLACED)


def _flat(model: Model, uses: list[Use], above: Floats, depth: int) -> list[Use]:
    found = []
    for use in uses:
        thing, matrix = model.things[use.key], use.matrix @ above
        if thing.faces:
            found.append(Use(use.key, matrix))
        found += _flat(model, thing.uses, matrix, depth + 1)
    return found


def _part(model: Model, use: Use) -> Mesh:
    thing = model.things[use.key]
    corners = finite(np.array(thing.corners).reshape(-1, 3))
    faces = np.array(thing.faces, np.int64).reshape(-1, 3)
    if np.linalg.det(use.matrix[:3, :3]) < 0:
        faces = faces[:, ::-1]
    said = thing.colours + [thing.colour] * (len(faces) - len(thing.colours))
    names = list(dict.fromkeys(said))
    number = {name: place for place, name in enumerate(names)}
    return Mesh(
        vertices=corners @ use.matrix[:3, :3] + use.matrix[3, :3],
        faces=faces,
        materials=tuple(Material(_known(model, use.key[0], *name)) for name in names),
        face_material=np.array([number[one] for one in said], np.int64),
    )


def _known(model: Model, path: str, group: str, place: str) -> tuple[int, int, int]:
    colours = model.groups.get((path, group), [])
    return colours[int(place)] if place.isdigit() and int(place) < len(colours) else PLAIN
