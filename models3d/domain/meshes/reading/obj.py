"""OBJ: a text, alone or in a ZIP with its materials (MTL) and textures. Its corners are in no unit."""

import re
from dataclasses import dataclass, field

import numpy as np

from models3d.domain.meshes.mesh import PLAIN, Floats, Ints, Material, Mesh, check_counts, refuse
from models3d.domain.meshes.reading.archives import Archive, outside
from models3d.domain.meshes.reading.numbers import numbers

CORNER = re.compile(rb"^\s*v\s+[-+.\dnNiI]", re.MULTILINE)
LIBRARY = re.compile(rb"^\s*mtllib\s+(.+)$", re.MULTILINE)
#: Materials of one model; exporters write one for each colour.
MOST_MATERIALS = 2000


def is_obj(data: bytes) -> bool:
    """Whether a text says where a corner is and which a face has."""
    return (
        bool(CORNER.search(data[: 1024**2])) and re.search(rb"^\s*f\s+-?\d", data, re.MULTILINE) is not None
    )


def read_obj(data: bytes) -> Mesh:
    """One without its materials: what they are called is kept for nobody."""
    return _mesh(data, {})


def read_archive(data: bytes) -> Mesh:
    """The one OBJ of a ZIP, with the materials that it or the ZIP names."""
    archive = Archive(data)
    models = archive.named(".obj")
    if not models:
        refuse("MESH_UNREADABLE")
    if len(models) > 1:
        refuse("MESH_UNSUPPORTED", feature="several OBJ files in one archive")
    text = archive.read(models[0])
    materials: dict[bytes, Material] = {}
    for path in _libraries(text, archive):
        materials.update(_materials(archive.read(path), archive))
    return _mesh(text, materials)


# -- the text ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Lines:
    """The lines of a text by what they say. Each face knows its material, and how many corners and places on textures
    stood before it, from which negative numbers count backwards."""

    corners: list[bytes] = field(default_factory=list)
    places: list[bytes] = field(default_factory=list)
    faces: list[bytes] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    before: list[tuple[int, int]] = field(default_factory=list)
    names: dict[bytes, int] = field(default_factory=lambda: {b"": 0})


def _lines(data: bytes) -> Lines:
    check_counts(data.count(b"\nf "), data.count(b"\nv "))
    lines = Lines()
    kind = 0
    for line in data.replace(b"\t", b" ").replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines():
        word, _, rest = line.lstrip().partition(b" ")
        if word == b"v":
            lines.corners.append(rest)
        elif word == b"f":
            lines.faces.append(rest.partition(b"#")[0])
            lines.kinds.append(kind)
            lines.before.append((len(lines.corners), len(lines.places)))
        elif word == b"vt":
            lines.places.append(rest)
        elif word == b"usemtl":
            kind = lines.names.setdefault(rest.strip(), len(lines.names))
            if kind > MOST_MATERIALS:
                refuse("MESH_TOO_COMPLEX", limit=MOST_MATERIALS)
    return lines


def _mesh(data: bytes, materials: dict[bytes, Material]) -> Mesh:
    lines = _lines(data)
    if not lines.faces:
        refuse("MESH_EMPTY")
    rows = _rows(lines.corners, (3, 4, 6, 7))
    corners, places, kinds = _triangles(lines)
    if corners.min() < 0 or corners.max() >= len(rows):
        refuse("MESH_UNREADABLE")
    mesh = Mesh(
        vertices=rows[:, :3],
        faces=corners,
        materials=tuple(materials.get(name, Material()) for name in lines.names),
        face_material=kinds,
        colours=_colours(rows[:, -3:]) if rows.shape[1] >= 6 else None,
    )
    if places is not None and any(material.texture for material in mesh.materials):
        _lay(mesh, _rows(lines.places, (2, 3))[:, :2], places)
    return mesh


def _rows(lines: list[bytes], widths: tuple[int, ...]) -> Floats:
    """The numbers of lines, of which each has equally many; where they don't, the first of each count."""
    values = numbers(b" ".join(lines), np.float64)
    width, rest = divmod(len(values), max(len(lines), 1))
    if not rest and width in widths:
        return values.reshape(-1, width)
    short = widths[0]
    return numbers(
        b" ".join(b" ".join(line.split()[:short]) for line in lines), np.float64, len(lines) * short
    ).reshape(-1, short)


def _colours(values: Floats) -> np.ndarray:
    whole = 1.0 if np.nanmax(values, initial=0) <= 1 else 255.0
    return np.round(255 * np.clip(np.nan_to_num(values) / whole, 0, 1)).astype(np.uint8)


def _triangles(lines: Lines) -> tuple[Ints, Ints | None, Ints]:
    """Corners, places on textures (None where no face has any) and materials of triangles. Faces with more corners are
    fans; those that are written alike are read together."""
    groups: dict[tuple[int, int, bool], list[int]] = {}
    for number, line in enumerate(lines.faces):
        words = line.split()
        first = words[0] if words else b""
        groups.setdefault((len(words), first.count(b"/"), b"//" in first), []).append(number)
    check_counts(sum((sides - 2) * len(members) for (sides, _, _), members in groups.items() if sides > 2))
    before = np.array(lines.before, np.int64).reshape(-1, 2)
    kinds = np.array(lines.kinds, np.int64)
    found: list[tuple[Ints, Ints, Ints]] = []
    for (sides, slashes, is_bare), members in groups.items():
        if sides < 3:
            continue
        width = (slashes + 1) - is_bare
        text = b" ".join([lines.faces[number] for number in members]).replace(b"/", b" ")
        values = numbers(text, np.int64, len(members) * sides * width).reshape(len(members), sides, width)
        corner = _counted(values[:, :, 0], before[members, 0])
        has_place = slashes > 0 and not is_bare
        place = _counted(values[:, :, 1], before[members, 1]) if has_place else np.full_like(corner, -1)
        for at in range(1, sides - 1):
            found.append((corner[:, [0, at, at + 1]], place[:, [0, at, at + 1]], kinds[members]))
    if not found:
        refuse("MESH_EMPTY")
    corners, places, materials = (np.concatenate(several) for several in zip(*found, strict=True))
    return corners, None if (places < 0).all() else places, materials


def _counted(values: Ints, before: Ints) -> Ints:
    """From 1 upwards, or backwards from what stood before, to numbers from 0."""
    return np.where(values < 0, values + before[:, None], values - 1)


def _lay(mesh: Mesh, uv: Floats, places: Ints) -> None:
    """Corners become as many as they have places on textures."""
    if places.max() >= len(uv):
        refuse("MESH_UNREADABLE")
    both = mesh.faces.ravel() * (len(uv) + 1) + places.ravel() + 1
    unique, faces = np.unique(both, return_inverse=True)
    corner, place = np.divmod(unique, len(uv) + 1)
    mesh.uv = np.vstack([np.zeros((1, 2)), uv])[place]
    mesh.vertices = mesh.vertices[corner]
    mesh.colours = None if mesh.colours is None else mesh.colours[corner]
    mesh.faces = faces.reshape(-1, 3)


# -- materials -----------------------------------------------------------------------------------------------------


def _libraries(text: bytes, archive: Archive) -> list[str]:
    """The MTLs that the OBJ names; where it names none that is there, the only one there is."""
    named = [_said(match) for match in LIBRARY.findall(text)[:MOST_MATERIALS]]
    found = [path for name in named if (path := _found(name, archive)) is not None]
    others = archive.named(".mtl")
    return list(dict.fromkeys(found)) or (others if len(others) == 1 else [])


def _found(name: str, archive: Archive) -> str | None:
    path = archive.find(name)
    if path is None and outside(name):
        refuse("MESH_HAS_REFERENCES", reference=name[:60])
    return path


def _said(name: bytes) -> str:
    name = name.strip()
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("gb18030", errors="replace")


def _materials(text: bytes, archive: Archive) -> dict[bytes, Material]:
    found: dict[bytes, Material] = {}
    name = None
    for line in text.replace(b"\t", b" ").splitlines():
        word, _, rest = line.strip().partition(b" ")
        if word == b"newmtl":
            name = rest.strip()
            found[name] = Material()
            if len(found) > MOST_MATERIALS:
                refuse("MESH_TOO_COMPLEX", limit=MOST_MATERIALS)
        elif name is None:
            continue
        elif word == b"Kd":
            found[name] = Material(_colour(rest), found[name].texture)
        elif word.lower() == b"map_kd":
            # Options stand before the name, and only with them it can't have blanks.
            picture = _said(rest.split()[-1] if rest.strip().startswith(b"-") else rest)
            path = _found(picture, archive)
            if path is not None:
                colour = (255, 255, 255) if found[name].colour == PLAIN else found[name].colour
                found[name] = Material(colour, archive.read(path))
    return found


def _colour(text: bytes) -> tuple[int, int, int]:
    values = numbers(b" ".join(text.split()[:3]), np.float64, 3)
    red, green, blue = (round(255 * float(one)) for one in np.clip(np.nan_to_num(values), 0, 1))
    return red, green, blue
