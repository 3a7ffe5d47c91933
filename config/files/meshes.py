"""Telling meshes by their content. Half of the formats have no signature; whether one can be read is seen by whoever
reads it."""

import math
import re
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO
from zipfile import BadZipFile, LargeZipFile, ZipFile

from config.files.types import FileType, Sample

GLB, OBJ, PLY, STL, THREE_MF = "model/gltf-binary", "model/obj", "model/ply", "model/stl", "model/3mf"
#: An OBJ with its materials and textures, in a ZIP.
OBJ_ZIP = "model/obj+zip"
CHUNK = 1024 * 1024

PLY_HEAD = re.compile(rb"ply[ \t]*\r?\n[ \t]*(?:format|comment|obj_info|element)\b")

SOLID = re.compile(rb"(?:\xef\xbb\xbf)?\s*solid\b", re.IGNORECASE)
FACET = re.compile(rb"^[ \t]*(?:facet[ \t]+normal|endsolid)\b", re.IGNORECASE | re.MULTILINE)
#: A binary STL: 80 bytes of anything, a count of triangles, and 50 bytes for each.
STL_HEAD, STL_TRIANGLE = 84, 50
#: So many triangles are looked at where the count is wrong.
TRIANGLES_SEEN = 8
FARTHEST, NEAREST = 1e7, 1e-12

OBJ_WORDS = frozenset(
    b"# v vt vn vp f l p o g s mg usemtl mtllib usemap maplib deg bmat step cstype curv curv2 surf parm trim hole scrv "
    b"sp end con bevel c_interp d_interp lod shadow_obj trace_obj ctech stech call csh".split()
)
VERTEX = re.compile(rb"\n[ \t]*v(?:[ \t]+[-+]?[\d.][\d.eE+-]*){3}")
FACE = re.compile(rb"\n[ \t]*f(?:[ \t]+-?\d+(?:/-?\d*){0,2}){3}")
LONGEST_LINE = 300

#: The list of a ZIP's files that is read here, in bytes: some twenty thousand names.
LONGEST_DIRECTORY = 1024 * 1024


def is_glb(sample: Sample) -> bool:
    return sample.head.startswith(b"glTF")


def is_ply(sample: Sample) -> bool:
    return PLY_HEAD.match(sample.head) is not None


def is_stl(sample: Sample) -> bool:
    return _is_stl_in_words(sample.head) or _is_binary_stl(sample)


def is_obj(sample: Sample) -> bool:
    """A text, of whatever encoding, whose first lines are all those of an OBJ, and that has corners and faces."""
    if b"\0" in sample.head:
        return False
    lines = (
        sample.head.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").replace(b"\\\n", b" ").split(b"\n")
    )
    whole = lines if sample.size <= len(sample.head) else lines[:-1]
    # A comment needn't have a blank behind its mark.
    words = {
        b"#" if line.lstrip().startswith(b"#") else line.split(None, 1)[0] for line in whole if line.strip()
    }
    return words <= OBJ_WORDS and _has_lines(sample.file, VERTEX, FACE)


def is_obj_zip(sample: Sample) -> bool:
    names = _names(sample)
    return not _is_3mf_of(names) and any(
        name.lower().endswith(".obj") and not name.startswith("__MACOSX/") for name in names
    )


def is_3mf(sample: Sample) -> bool:
    return _is_3mf_of(_names(sample))


def _is_3mf_of(names: Iterable[str]) -> bool:
    low = {name.lower().lstrip("/") for name in names}
    return "[content_types].xml" in low and any(
        name.startswith("3d/") and name.endswith(".model") for name in low
    )


def _is_stl_in_words(head: bytes) -> bool:
    """Begins with `solid` as many a binary one does, and then has a facet, or nothing."""
    return SOLID.match(head) is not None and FACET.search(head.replace(b"\r", b"\n")) is not None


def _is_binary_stl(sample: Sample) -> bool:
    """Its length tells: that of so many triangles as it counts. Where the count lies, the triangles tell, so that who
    reads it can say what is wrong."""
    if sample.size < STL_HEAD:
        return False
    if sample.size == STL_HEAD + STL_TRIANGLE * int.from_bytes(sample.head[80:84], "little"):
        return True
    ends = range(STL_HEAD + STL_TRIANGLE, len(sample.head) + 1, STL_TRIANGLE)[:TRIANGLES_SEEN]
    seen = [sample.head[end - STL_TRIANGLE : end] for end in ends]
    return not sample.is_text and bool(seen) and all(map(_is_triangle, seen))


def _is_triangle(data: bytes) -> bool:
    """With a normal of length one or none, and three corners of ordinary size, not all in one place."""
    numbers = struct.unpack("<12f", data[:48])
    normal, corners = numbers[:3], numbers[3:]
    if not all(math.isfinite(one) and (one == 0 or NEAREST < abs(one) < FARTHEST) for one in numbers):
        return False
    is_normal = not any(normal) or math.isclose(math.hypot(*normal), 1, abs_tol=1e-2)
    return is_normal and len({corners[:3], corners[3:6], corners[6:]}) > 1


def _has_lines(file: BinaryIO, *patterns: re.Pattern[bytes]) -> bool:
    """Whether each has its line somewhere."""
    file.seek(0)
    missing, end = set(patterns), b"\n"
    while missing and (chunk := file.read(CHUNK)):
        part = (end + chunk).replace(b"\r", b"\n")
        missing -= {one for one in missing if one.search(part)}
        end = part[-LONGEST_LINE:]
    return not missing


def _names(sample: Sample) -> list[str]:
    """Of the files in a ZIP; none where it is none or its list is too long to be read here."""
    if not sample.head.startswith(b"PK\x03\x04"):
        return []
    try:
        with ZipFile(_ShortReads(sample.file)) as archive:  # type: ignore[arg-type]
            return archive.namelist()
    except (BadZipFile, LargeZipFile, NotImplementedError, OSError, ValueError, OverflowError, struct.error):
        return []


class _ShortReads:
    """A file of which no more is read at once than a list of files may take."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(LONGEST_DIRECTORY + 1 if size < 0 else min(size, LONGEST_DIRECTORY + 1))
        if len(data) > LONGEST_DIRECTORY:
            raise BadZipFile("its list of files is too long")
        return data


def _mesh(media_type: str, is_it: Any) -> FileType:
    return FileType(media_type, is_it, "MESH_MAX_BYTES")


MESHES = (
    _mesh(GLB, is_glb),
    _mesh(STL, is_stl),
    _mesh(OBJ, is_obj),
    _mesh(OBJ_ZIP, is_obj_zip),
    _mesh(THREE_MF, is_3mf),
    _mesh(PLY, is_ply),
)
