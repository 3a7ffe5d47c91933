"""PLY, as text or in bytes of either order. Its corners are in no unit."""

from dataclasses import dataclass, field

import numpy as np

from models3d.domain.meshes.mesh import Ints, Mesh, check_counts, refuse
from models3d.domain.meshes.reading.numbers import numbers

MOST_HEAD = 64 * 1024
TYPES = {
    "char": "i1",
    "int8": "i1",
    "uchar": "u1",
    "uint8": "u1",
    "short": "i2",
    "int16": "i2",
    "ushort": "u2",
    "uint16": "u2",
    "int": "i4",
    "int32": "i4",
    "uint": "u4",
    "uint32": "u4",
    "float": "f4",
    "float32": "f4",
    "double": "f8",
    "float64": "f8",
}
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}


@dataclass(slots=True)
class Element:
    """A table of the file: its columns, of which a list has two types, that of its length and that of its items."""

    name: str
    count: int
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        return all(len(types) == 1 for types in self.columns.values())


def is_ply(data: bytes) -> bool:
    return data[:5] in (b"ply\n", b"ply\r\n", b"ply\r") or data[:4] in (b"ply\n", b"ply\r")


def read_ply(data: bytes) -> Mesh:
    order, elements, body = _head(data)
    for element in elements:
        if element.name in ("vertex", "face"):
            check_counts(*((element.count, 0) if element.name == "face" else (0, element.count)))
        elif element.count > len(data):
            refuse("MESH_UNREADABLE")
    tables: dict[str, dict[str, np.ndarray]] = {}
    faces: Ints | None = None
    for element in elements:
        if element.name == "face":
            faces, body = _faces(element, order, body)
            break  # nothing behind the faces is needed
        if not element.is_plain:
            refuse("MESH_UNSUPPORTED", feature=f"PLY: lists in {element.name[:40]}")
        tables[element.name], body = _table(element, order, body)
    corners = tables.get("vertex", {})
    if faces is None or not {"x", "y", "z"} <= corners.keys():
        refuse("MESH_EMPTY" if faces is None else "MESH_UNREADABLE")
    vertices = np.column_stack([corners[axis].astype(np.float64) for axis in "xyz"])
    return Mesh(vertices, faces, colours=_colours(corners))


def _head(data: bytes) -> tuple[str, list[Element], bytes]:
    head, mark, _ = data[:MOST_HEAD].partition(b"end_header")
    if not mark:
        refuse("MESH_UNREADABLE")
    start = len(head) + len(mark)
    start += 2 if data[start : start + 2] == b"\r\n" else 1
    order = None
    elements: list[Element] = []
    try:
        for line in head.decode("latin-1").splitlines():
            words = line.split()
            if not words or words[0] in ("ply", "comment", "obj_info"):
                continue
            if words[0] == "format":
                order = ORDERS[words[1]]
            elif words[0] == "element":
                elements.append(Element(words[1], int(words[2])))
            elif words[0] == "property":
                types = words[2:4] if words[1] == "list" else words[1:2]
                elements[-1].columns[words[-1]] = tuple(TYPES[one] for one in types)
    except (KeyError, IndexError, ValueError):
        refuse("MESH_UNREADABLE")
    if order is None or any(element.count < 0 or not element.columns for element in elements):
        refuse("MESH_UNREADABLE")
    return order, elements, data[start:]


def _table(element: Element, order: str, body: bytes) -> tuple[dict[str, np.ndarray], bytes]:
    if not order:
        lines, body = _text(body, element.count)
        width = len(element.columns)
        values = numbers(b" ".join(lines), np.float64, element.count * width).reshape(-1, width)
        return dict(zip(element.columns, values.T, strict=True)), body
    kind = np.dtype([(name, order + types[0]) for name, types in element.columns.items()])
    size = kind.itemsize * element.count
    if size > len(body):
        refuse("MESH_UNREADABLE")
    rows = np.frombuffer(body, kind, count=element.count)
    return {name: rows[name] for name in element.columns}, body[size:]


def _text(body: bytes, count: int) -> tuple[list[bytes], bytes]:
    """So many lines, and what comes behind them."""
    lines = body.split(b"\n", count)
    if len(lines) < count:
        refuse("MESH_UNREADABLE")
    return lines[:count], lines[count] if len(lines) > count else b""


def _faces(element: Element, order: str, body: bytes) -> tuple[Ints, bytes]:
    name = next((one for one in ("vertex_indices", "vertex_index") if one in element.columns), None)
    if name is None or len(element.columns[name]) != 2:
        refuse("MESH_EMPTY")
    if not element.count:
        return np.empty((0, 3), np.int64), body
    if not order:
        return _written(element, name, body), b""
    return _packed(element, name, order, body), b""


def _written(element: Element, name: str, body: bytes) -> Ints:
    lines, _ = _text(body, element.count)
    if next(iter(element.columns)) != name:
        refuse("MESH_UNSUPPORTED", feature="PLY: faces that don't begin with their corners")
    groups: dict[bytes, list[bytes]] = {}
    for line in lines:
        groups.setdefault(line.split(maxsplit=1)[0] if line.strip() else b"", []).append(line)
    found = []
    for word, members in groups.items():
        if not word.isdigit() or len(word) > 6:
            refuse("MESH_UNREADABLE")
        sides = int(word)
        if sides < 3:
            continue
        cut = b" ".join(b" ".join(line.split()[1 : 1 + sides]) for line in members)
        found.append(_fans(numbers(cut, np.int64, sides * len(members)).reshape(-1, sides)))
    return _together(found)


def _packed(element: Element, name: str, order: str, body: bytes) -> Ints:
    """Rows of equal length are read at once; most files have triangles only. Others are walked through."""
    first = body[: np.dtype(order + element.columns[name][0]).itemsize]
    kinds, sides = [], 3
    for column, types in element.columns.items():
        if len(types) == 2 and column != name:
            refuse("MESH_UNSUPPORTED", feature=f"PLY: lists of {column[:40]}")
        kinds.append((column, order + types[-1], (sides,)) if column == name else (column, order + types[-1]))
        if column == name:
            kinds.insert(-1, ("sides of it", order + types[0]))
    row = np.dtype(kinds)
    if row.itemsize * element.count <= len(body) and first:
        rows = np.frombuffer(body, row, count=element.count)
        if (rows["sides of it"] == sides).all():
            return rows[name].astype(np.int64)
    return _walked(element, name, order, body)


def _walked(element: Element, name: str, order: str, body: bytes) -> Ints:
    length, item = (np.dtype(order + one) for one in element.columns[name])
    names = list(element.columns)
    before = sum(np.dtype(element.columns[one][0]).itemsize for one in names[: names.index(name)])
    after = sum(np.dtype(element.columns[one][0]).itemsize for one in names[names.index(name) + 1 :])
    groups: dict[int, list[bytes]] = {}
    at, total = 0, 0
    for _ in range(element.count):
        at += before
        sides = int.from_bytes(body[at : at + length.itemsize], "little" if order == "<" else "big")
        start = at + length.itemsize
        at = start + sides * item.itemsize + after
        total += max(sides - 2, 0)
        if at > len(body):
            refuse("MESH_UNREADABLE")
        if sides > 2:
            groups.setdefault(sides, []).append(body[start : start + sides * item.itemsize])
    check_counts(total)
    return _together(
        [
            _fans(np.frombuffer(b"".join(members), item).astype(np.int64).reshape(-1, sides))
            for sides, members in groups.items()
        ]
    )


def _fans(polygons: Ints) -> list[Ints]:
    check_counts(len(polygons) * (polygons.shape[1] - 2))
    return [polygons[:, [0, at, at + 1]] for at in range(1, polygons.shape[1] - 1)]


def _together(found: list[list[Ints]]) -> Ints:
    several = [one for group in found for one in group]
    check_counts(sum(len(one) for one in several))
    return np.concatenate(several) if several else np.empty((0, 3), np.int64)


def _colours(corners: dict[str, np.ndarray]) -> np.ndarray | None:
    if not {"red", "green", "blue"} <= corners.keys():
        return None
    values = np.column_stack([corners[name] for name in ("red", "green", "blue")]).astype(np.float64)
    whole = 1.0 if corners["red"].dtype.kind == "f" and np.nanmax(values, initial=0) <= 1 else 255.0
    return np.round(255 * np.clip(np.nan_to_num(values) / whole, 0, 1)).astype(np.uint8)
