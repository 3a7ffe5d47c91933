"""3MF: in millimetres, each material a colour."""

import io
from collections.abc import Iterator
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from models3d.domain.meshes.compact import compact
from models3d.domain.meshes.mesh import Mesh
from models3d.domain.meshes.writing.archives import entry
from models3d.domain.meshes.writing.texts import lines, points

TYPES = b"""<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>
"""
RELATIONS = b"""<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Target="/3D/3dmodel.model" Id="rel0"
 Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
"""
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
<metadata name="Application">Atelier</metadata>
<resources>
<basematerials id="1">
"""
TAIL = b'</triangles>\n</mesh>\n</object>\n</resources>\n<build>\n<item objectid="2"/>\n</build>\n</model>\n'


def write_threemf(mesh: Mesh) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr(entry("[Content_Types].xml", ZIP_DEFLATED), TYPES)
        archive.writestr(entry("_rels/.rels", ZIP_DEFLATED), RELATIONS)
        with archive.open(entry("3D/3dmodel.model", ZIP_DEFLATED), "w") as file:
            for piece in _text(compact(mesh)):
                file.write(piece)
    return made.getvalue()


def _text(mesh: Mesh) -> Iterator[bytes]:
    yield HEAD.encode()
    for number, material in enumerate(mesh.materials):
        colour = "#" + bytes(material.colour).hex().upper()
        yield f'<base name="Material {number + 1}" displaycolor="{colour}"/>\n'.encode()
    yield b'</basematerials>\n<object id="2" type="model" pid="1" pindex="0">\n<mesh>\n<vertices>\n'
    yield from lines('<vertex x="%.7g" y="%.7g" z="%.7g"/>\n', points(mesh.vertices))
    yield b"</vertices>\n<triangles>\n"
    # A triangle with two corners in one place isn't allowed, and shows nothing.
    whole = mesh.faces[:, 0] != mesh.faces[:, 1]
    whole &= (mesh.faces[:, 1] != mesh.faces[:, 2]) & (mesh.faces[:, 2] != mesh.faces[:, 0])
    faces, kinds = mesh.faces[whole], mesh.materials_of_faces()[whole]
    is_plain = not kinds.any()
    if is_plain:
        yield from lines('<triangle v1="%d" v2="%d" v3="%d"/>\n', faces)
    else:
        pattern = '<triangle v1="%d" v2="%d" v3="%d" pid="1" p1="%d"/>\n'
        yield from lines(pattern, np.column_stack([faces, kinds]))
    yield TAIL
